"""Error codes of the chat platforms, as their documents say; none of them could be reached to try.

| platform | code | means | from |
|---|---|---|---|
| DingTalk | 310000 | keyword, signature, time or address not as the robot's settings ask | 自定义机器人安全设置 |
| DingTalk | 130101, 410100 | more than 20 messages a minute: the robot is muted for 10 min | 自定义机器人接入 |
| DingTalk | 300001 | the token belongs to no robot | 自定义机器人接入 |
| DingTalk | 400013, 400101, 400102 | the group is gone; no such token; the robot is off | 自定义机器人接入 |
| WeCom | 45009, 45033 | more than 20 messages a minute | 群机器人配置说明; 全局错误码 |
| WeCom | 93000 | the address (``key``) belongs to no robot | 全局错误码 |
| WeCom | 40008, 40058 | the message has no valid form | 全局错误码 |
| Feishu | 11232 | more than 100 messages a minute, or 5 a second | 自定义机器人使用指南 |
| Feishu | 9499 | "too many request" is a rate limit, "Bad Request" is not | the same; nightingale#1437 |
| Feishu | 19001, 19002 | no such robot; the message has no valid form | 自定义机器人使用指南 |
| Feishu | 19021, 19022, 19024 | signature or time; address not allowed; keyword missing | 自定义机器人使用指南 |

Sources: open.dingtalk.com/document/robots/custom-robot-access, developer.work.weixin.qq.com/document/path/91770 and
/path/90313, open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_CLOCK = "check the channel's secret and this machine's clock (±1 h)"


@dataclass(frozen=True, slots=True)
class Codes:
    """What a platform's codes mean.

    ``limits``: code -> part of the text that must be there (empty: any). ``advices``: code -> (part of the text,
    advice), the first that fits. ``always``: a good answer has a code, too.
    """

    limits: Mapping[str, str] = field(default_factory=dict)
    advices: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    always: bool = False

    def is_rate_limit(self, code: str, text: str) -> bool:
        """Tell whether a code means: later, not never."""
        part = self.limits.get(code)
        return part is not None and part in text.lower()

    def advice(self, code: str, text: str) -> str:
        """Return what to do about a code; empty when it is not known."""
        return next((advice for part, advice in self.advices.get(code, ()) if part in text.lower()), "")


NO_CODES = Codes(limits={"130101": "", "410100": "", "45009": "", "45033": "", "11232": "", "9499": "too many"})
"""Of a webhook: it may stand before any of the platforms."""

DINGTALK = Codes(
    limits={"130101": "", "410100": ""},
    advices={
        "310000": (
            ("keyword", "the robot wants a keyword: set one that every message has (烽燧), or use its signature"),
            ("关键词", "the robot wants a keyword: set one that every message has (烽燧), or use its signature"),
            ("whitelist", "add this machine's public address to the robot's list"),
            ("白名单", "add this machine's public address to the robot's list"),
            ("", _CLOCK),
        ),
        "130101": (("", "20 messages a minute, then the robot is muted for 10 min"),),
        "300001": (("", "check the channel's access_token"),),
        "400101": (("", "check the channel's access_token"),),
        "400102": (("", "switch the robot on in its group"),),
    },
    always=True,
)

WECOM = Codes(
    limits={"45009": "", "45033": ""},
    advices={
        "93000": (("", "check the channel's key: the robot may have been removed from its group"),),
        "45009": (("", "20 messages a minute"),),
    },
    always=True,
)

FEISHU = Codes(
    limits={"11232": "", "9499": "too many"},
    advices={
        "19001": (("", "check the channel's url: the robot may have been removed from its group"),),
        "19021": (("", _CLOCK),),
        "19022": (("", "add this machine's public address to the robot's list"),),
        "19024": (("", "the robot wants a keyword: set one that every message has (烽燧), or use its signature"),),
        "11232": (("", "100 messages a minute, 5 a second"),),
    },
    always=True,
)
