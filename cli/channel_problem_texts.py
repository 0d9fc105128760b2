"""Chinese for what a check finds about channels and the people on them (see `cli.problem_texts`)."""

from __future__ import annotations

from cli.post_problem_texts import POST_TEXTS

CHANNEL_TEXTS: tuple[tuple[str, str], ...] = (
    ("this person has no {What}", "此人没有{What}"),
    ("telephone number", "电话号码"),
    ("mail address", "邮箱地址"),
    (
        "add '{key}: …' to the person, or 'addresses: {{channel}: …}'",
        "为此人加 '{key}: …'，或 'addresses: {{channel}: …}'",
    ),
    (
        "the same robot as channel '{channel}': together they would overrun its budget",
        "与渠道“{channel}”是同一个机器人：合起来会超出它的限额",
    ),
    ("use channel '{channel}' for both, or another robot", "两处都用渠道“{channel}”，或换一个机器人"),
    (
        "per_minute is {given}: the platform takes {most} a minute, {Consequence}",
        "per_minute 为 {given}：平台每分钟只收 {most} 条，{Consequence}",
    ),
    ("then it mutes the robot for 10 min", "超过后机器人被限流 10 分钟"),
    ("then it drops what comes", "超过后的消息被丢弃"),
    ("write 'per_minute: {most}' or less", "写 'per_minute: {most}' 或更小"),
    ("{{word}} is no field of a short message", "短信模板没有字段 {{word}}"),
    ("use one of: {names}", "可用：{names}"),
    ("the template sends no number or no text", "模板没有发出号码或正文"),
    ("write {phone} and {text} into 'body' or 'url'", "在 body 或 url 中写入 {phone} 和 {text}"),
    ("a field stands in the address before the '?'", "字段出现在网址的“?”之前"),
    ("write fields into the query only", "字段只能写在“?”之后"),
    ("a GET request has no body", "GET 请求没有正文"),
    ("write the fields into 'url', or 'method: POST'", "把字段写进 url，或写 'method: POST'"),
    ("the body is no JSON when filled", "填入后的正文不是 JSON"),
    ('put quotes around fields: {"to": "{phone}"}', '字段要加引号：{"to": "{phone}"}'),
    ("a field does not stand in a value of the body", "有字段不在正文的某个值里"),
    ("write each as a value of its own", "每个字段单独作为一个值"),
    *POST_TEXTS,
)
