"""What to do when a channel says no: the common refusals, by what the other side writes, in both languages.

The first line that fits wins. Reasons come from `alerts.channels`; what a platform writes in its own words is matched
by its code. Where nothing fits, the words themselves are all there is to say.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cli.check_command import Language


class Mend(NamedTuple):
    """A refusal and its mend; ``kinds`` empty: of any kind of channel."""

    kinds: frozenset[str]
    pattern: str
    zh: str
    en: str


def _mend(kinds: str, pattern: str, zh: str, en: str) -> Mend:
    return Mend(frozenset(kinds.split()), pattern, zh, en)


MENDS = (
    _mend(
        "smtp", r"\b535\b|\b534\b|\b530\b",
        "邮箱用户名或密码不对；多数邮箱要用“授权码”而不是登录密码",
        "wrong user name or password: most providers want an app password ('authorisation code'), not the login's",
    ),
    _mend(
        "smtp", r"\b553\b|\b55[04]\b.*(sender|from|spf|relay|spam)",
        "发件地址不被接受：sender 须是登录的邮箱，域名的 SPF 须包含此服务器",
        "the sender is not accepted: 'sender' must be the account that logs in, and its domain's SPF must name it",
    ),
    _mend(
        "smtp", r"\b55[01]\b",
        "收件地址不存在：核对 site.yaml 中此人的 email",
        "there is no such mailbox: look at 'email' of the person in site.yaml",
    ),
    _mend(
        "smtp", r"\b45[0-2]\b.*(grey|gray|later|try)|: 45[01]",
        "服务器要求稍后再投（灰名单）：正式消息会自动重试，几分钟后再测",
        "the server asks to try later (greylisting): real messages are repeated by themselves; test again in minutes",
    ),
    _mend(
        "smtp", r"STARTTLS",
        "此端口不支持 STARTTLS：465 端口请写 security: tls；明文服务器请写 security: none",
        "no STARTTLS on this port: write 'security: tls' for port 465, or 'security: none' for a server in clear",
    ),
    _mend(
        "smtp", r"no mail address|no address",
        "给此人写上 email，或在 addresses 中为此渠道写地址",
        "give the person an 'email', or an address for this channel in 'addresses'",
    ),
    _mend(
        "mqtt", r"Not authorized|0x87",
        "代理的访问控制不允许此用户发布该主题：修改其 ACL，或改 topic",
        "the broker's access list does not let this user publish there: change the list, or 'topic'",
    ),
    _mend(
        "mqtt", r"refuses the connection: .*(user name|password)|0x86",
        "代理不接受此用户名或密码：核对 username 与 password",
        "the broker takes neither user nor password: look at 'username' and 'password'",
    ),
    _mend(
        "mqtt", r"protocol version|0x84",
        "代理不支持 MQTT 5：写 version: '3.1.1'",
        "the broker does not speak MQTT 5: write version: '3.1.1'",
    ),
    _mend(
        "mqtt", r"nobody subscribes",
        "没有设备订阅该主题：核对警铃或接收方订阅的主题",
        "no device subscribes to this topic: compare it with what the siren or receiver subscribes to",
    ),
    _mend(
        "web_push", r"no phone of this person",
        "请此人用手机打开一个告警回执链接，点“在此手机接收推送”",
        "let the person open an answer link on their phone and press 'push to this phone'",
    ),
    _mend(
        "web_push", r"no longer subscribed|HTTP 403|HTTP 401",
        "该手机的订阅已失效：请此人在回执页重新开启",
        "the phone's subscription is no longer good: let the person press the button on the answer page again",
    ),
    _mend(
        "web_push", r"no push service",
        "该推送服务不在 services 列表中：确认可信后加入",
        "the push service is not in 'services': add it when you trust it",
    ),
    _mend(
        "apprise", r"can't read this address",
        "Apprise 不认识此地址：对照 Apprise 文档核对 url 的写法",
        "Apprise does not know this address: compare 'url' with Apprise's documents",
    ),
    _mend(
        "dingtalk", r"310000|sign|keyword|token",
        "钉钉机器人安全设置不符：核对 access_token、加签 secret、关键词或 IP 白名单",
        "the robot's security settings do not fit: look at access_token, 'secret', keywords, list of addresses",
    ),
    _mend(
        "wecom", r"93000|invalid webhook",
        "企业微信机器人的 key 不对，或机器人已被移出群",
        "the robot's 'key' is wrong, or the robot was removed from its group",
    ),
    _mend(
        "feishu", r"19021|19022|19024|sign|Key Words",
        "飞书机器人安全设置不符：核对签名 secret、关键词、IP 白名单和本机时间",
        "the robot's security settings do not fit: look at 'secret', keywords, list of addresses, and this clock",
    ),
    _mend(
        "", r"not signed by|set ca_file",
        "服务器证书不受信任：用 ca_file 写上签发它的 CA 证书",
        "the server's certificate is not trusted: name the authority that signed it in 'ca_file'",
    ),
    _mend(
        "", r"write 'host' as",
        "证书上的名字不是这个主机：host 须按证书上的名字写",
        "the certificate is for another name: write 'host' as the certificate has it",
    ),
    _mend(
        "", r"HTTP 40[13]",
        "对方不接受我们的身份：核对密钥、令牌和签名",
        "the other side does not take who we are: look at secret, token and signature",
    ),
    _mend("", r"HTTP 404", "地址不对：核对 url", "there is nothing at this address: look at 'url'"),
    _mend(
        "", r"rate limit|HTTP 429",
        "发得太快：等一分钟，并核对 per_minute 是否超过平台限额",
        "too many messages: wait a minute, and compare 'per_minute' with the platform's limit",
    ),
    _mend(
        "", r"no answer within|did not return|timed out|Timed out",
        "对方没有按时应答：核对地址、端口和防火墙，必要时加大 timeout_s",
        "no answer in time: look at address, port and firewall; a slow server may need a larger 'timeout_s'",
    ),
    _mend(
        "", r"ConnectError|refused|Connect call failed|Name or service|getaddrinfo|resolve|Connection",
        "连接不上：核对主机名、端口和网络",
        "nobody listens there: look at host, port and the network",
    ),
)  # fmt: skip


def mend_of(kind: str, reason: str, language: Language) -> str | None:
    """Return what to do about a refusal; None where nobody knows better than its words."""
    for mend in MENDS:
        if (not mend.kinds or kind in mend.kinds) and re.search(mend.pattern, reason, re.IGNORECASE):
            return mend.zh if language is Language.ZH else mend.en
    return None
