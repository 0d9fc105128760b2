"""Settings of this browser, facts of this site."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "nav_settings": ("设置", "Settings"),
    "settings_looks": ("显示", "Looks"),
    "settings_language": ("语言", "Language"),
    "settings_size": ("字号", "Text size"),
    "settings_theme": ("明暗", "Theme"),
    "theme_day": ("日间", "Day"),
    "theme_night": ("夜间", "Night"),
    "settings_kept": ("仅保存在此浏览器中，不影响其他席位。", "Kept in this browser only; no other desk is touched."),
    "settings_sounds": ("声音", "Sounds"),
    "settings_volume": ("{name}音量", "Volume of {name}"),
    "settings_silent": ("静音", "silent"),
    "settings_try": ("试听", "Try"),
    "settings_sounds_note": (
        "多类同时发生时只响最高一类。火警不能关闭。",
        "Of several classes only the highest is heard. A fire can't be turned off.",
    ),
    "settings_facts": ("本站", "This site"),
    "fact_site": ("站点", "Site"),
    "fact_zone": ("时区", "Time zone"),
    "fact_clock": ("服务器时间", "Server's time"),
    "fact_version": ("版本", "Version"),
    "fact_size": ("规模", "Size"),
    "fact_size_words": ("{units} 个单位，{devices} 台设备", "{units} units, {devices} devices"),
    "fact_gateways": ("网关与传输装置", "Gateways and transmitters"),
    "fact_silent": ("失联判定", "Counts as silent after"),
    "fact_stale": ("数据过旧判定", "Counts as stale after"),
    "fact_seconds": ("{seconds} 秒", "{seconds} s"),
    "fact_listed": ("一次最多列出", "Listed at once"),
    "fact_listed_words": ("{count} 条告警", "{count} alarms"),
    "fact_rosters": ("值班表", "Rosters"),
    "fact_grafana": ("Grafana 地址", "Grafana"),
    "fact_none": ("未设置", "not set"),
    "fact_sign_in": ("登录", "Signing in"),
    "fact_open": ("不需要（仅限本机）", "not needed (this machine only)"),
    "fact_accounts": ("用账号登录", "with accounts"),
}
