"""Chinese for the problems of channels that keep a connection or a subscription: mail, MQTT, Web Push, Apprise."""

from __future__ import annotations

POST_TEXTS: tuple[tuple[str, str], ...] = (
    ("is no Apprise address", "不是 Apprise 地址"),
    ("write it as <service>://…, as Apprise's documents show", "按 Apprise 文档写成 <服务>://…"),
    (
        "Apprise reports success for messages that this platform refused",
        "此平台拒收的消息，Apprise 也报告成功",
    ),
    ("use 'kind: {kind}' instead", "改用 kind: {kind}"),
    ("not a mail address", "不是邮箱地址"),
    ("write it as name@example.com, in ASCII", "写成 name@example.com，只用 ASCII 字符"),
    ("a password would go over the network in clear", "密码会以明文经过网络"),
    ("set 'security: starttls', or 'tls'", "写 security: starttls 或 tls"),
    ("a password without a user name", "有密码而没有用户名"),
    ("write 'username' beside it, or neither", "同时写 username，或都不写"),
    ("is no topic to publish on", "不是可以发布的主题"),
    (
        "write names and / only, with {unit} {class} {person} {level} where wanted",
        "只写名称和 /，需要处用 {unit} {class} {person} {level}",
    ),
    ("set 'security', or remove them", "设置 security，或去掉证书"),
    ("not a contact", "不是联系方式"),
    ("write mailto:name@example.com, or a page with https://", "写 mailto:name@example.com，或 https:// 的网页"),
    ("not a VAPID key", "不是 VAPID 密钥"),
    (
        "leave 'key' out: one is made at the first start; or write its 32 bytes in base64url",
        "不写 key，首次启动时会自动生成；或写 32 字节的 base64url",
    ),
)
