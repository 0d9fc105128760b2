"""Signing in and out, passwords."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "login": ("登录", "Sign in"),
    "account": ("账号", "Account"),
    "password": ("口令", "Password"),
    "login_wrong": ("账号或口令不正确", "Wrong account or password"),
    "login_wait": ("尝试次数过多，请 {seconds} 秒后再试", "Too many tries: try again in {seconds} s"),
    "login_stale": ("页面已过期，请再试一次", "This page was too old: please try again"),
    "back": ("返回", "Back"),
    "password_change": ("更改口令", "Change password"),
    "password_rule": ("至少 12 个字符；可以是一句话", "At least 12 characters; a sentence will do"),
    "password_old": ("原口令", "Old password"),
    "password_new": ("新口令", "New password"),
    "password_again": ("再输入一次新口令", "New password again"),
    "password_differs": ("两次输入的新口令不同", "The two new passwords differ"),
    "signed_in_as": ("当前用户", "Signed in"),
    "not_yours": ("没有此权限", "You have no right to do this"),
    "session_ends": ("请在 {until} 前重新登录", "Sign in again before {until}"),
    "signed_out": ("已退出登录 — 请重新登录", "SIGNED OUT — please sign in again"),
}
