"""Chinese for the problems that a check finds.

Problems are written in English where they are found. A template here is such a sentence with
``{names}`` for the parts that vary. What stands in the place of a ``{Capitalised}`` name is words, and
must be in the table too, so ``no such {What}`` needs one line for all things; anything else is copied.
A sentence without a template stays English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, partial

from cli.alerts_problem_texts import ALERTS_TEXTS
from cli.channel_problem_texts import CHANNEL_TEXTS
from cli.file_problem_texts import FILE_TEXTS
from cli.operators_problem_texts import OPERATOR_TEXTS
from cli.plan_problem_texts import PLAN_TEXTS
from cli.point_texts import POINT_LIST_TEXTS, REPEAT_TEXTS
from cli.rule_texts import RULE_TEXTS
from cli.telling_problem_texts import TELLING_TEXTS
from domain.errors import Problem

TEMPLATES: tuple[tuple[str, str], ...] = (
    # two findings on one value
    ("{One}; or {Other}", "{One}；或{Other}"),
    ("{One} or {Other}", "{One}，或{Other}"),
    ("write text that matches {pattern}", "写符合 {pattern} 的文字"),  # before those that fit any hyphen
    # things
    ("unit", "单位"),
    ("building", "建筑"),
    ("zone", "部位"),
    ("gateway", "网关"),
    ("connection", "连接"),
    ("protocol", "协议"),
    ("device", "设备"),
    ("profile", "设备型号档案"),
    ("point", "测点"),
    ("part", "组成部分"),
    ("rule", "规则"),
    # what a value is not
    ("is missing", "缺少此项"),
    ("unknown key", "没有这个键"),
    ("does not fit", "不符合要求"),
    ("has the wrong form", "格式不对"),
    ("not an id", "不是合法的编号"),
    ("not a web address", "不是网址"),
    ("not a NATS address", "不是 NATS 地址"),
    ("not one of the known words", "不是规定的词"),
    ("must be text", "应为文字"),
    ("must be a number", "应为数值"),
    ("must be a finite number", "应为有限数值"),
    ("must be a whole number", "应为整数"),
    ("must be true or false", "应为 true 或 false"),
    ("must be a list", "应为列表"),
    ("must be a block of 'name: value' lines", "应为若干“名称: 值”行"),
    ("too small", "太小"),
    ("too large", "太大"),
    ("too short", "太短"),
    ("too long", "太长"),
    ("too few items", "项数太少"),
    ("too many items", "项数太多"),
    # what does not fit together
    ("no such {What}", "没有这个{What}"),
    ("no such time zone", "没有这个时区"),
    ("{What} id is used twice in unit '{unit}'", "{What}编号在单位“{unit}”内重复"),
    ("{What} id is used twice", "{What}编号重复"),
    ("this {What} is defined twice", "此{What}被定义了两次"),
    ("profile speaks '{one}', its connection '{other}'", "档案的协议是“{one}”，而连接的协议是“{other}”"),
    ("low limit {low} is not below high limit {high}", "下限 {low} 不低于上限 {high}"),
    ("floor {low} is not below ceiling {high}", "量程下界 {low} 不低于上界 {high}"),
    ("both roll-ups have one name", "两个汇总的名称相同"),
    ("an InfluxDB store needs its address", "InfluxDB 存储需要地址"),
    ("'token' and 'token_file' are two tokens", "“token”与“token_file”是两个令牌"),
    ("not a store's address", "不是存储的地址"),
    ("beyond this machine the HTTP face needs a token", "HTTP 接口对本机以外开放时须有令牌"),
    ("{one} and {other} share a wire alias", "{one} 与 {other} 的线上别名相同"),
    (
        "write duckdb, or influxdb://, influxdb2://, influxdb3:// or victoria:// before HOST:PORT/DATABASE",
        "写 duckdb，或在“主机:端口/数据库”前写 influxdb://、influxdb2://、influxdb3:// 或 victoria://",
    ),
    # protocols
    ("a Modbus unit id is a number from 0 to 255", "Modbus 从站地址应为 0 至 255 的整数"),
    ("the shift leads past register 65535", "偏移超出了寄存器 65535"),
    ("this unit id is used twice with this profile", "同一档案下从站地址重复"),
    # panels behind an interface card
    (
        "write 'device' for a serial port or 'host' for a converter, one of the two",
        "串口写 device，串口服务器写 host，二者取一",
    ),
    ("'loop' and 'point' go together: give both, or neither", "loop 和 point 须同时给出，或都不写"),
    ("a controller's number is 0 to 255", "控制器编号为 0 至 255"),
    ("this controller is there twice", "控制器重复"),
    ("a component is a state word", "部件应为状态字"),
    ("loop {loop} point {point} is there twice", "{loop}回路{point}号点重复"),
    ("the panel's own word 'state' is missing", "缺少控制器自身的状态字 state"),
    ("this can't be one level of a topic", "不能作为主题的一级"),
    ("two devices have the same topic", "两台设备的主题相同"),
    ("devices of a Sparkplug broker hang on an edge", "Sparkplug 服务器上的设备须挂在边缘节点下"),
    ("two edges have this address", "两个边缘节点的地址相同"),
    ("this metric is another point already", "此数据项已是另一测点"),
    ("this can't be an edge's address", "不能作为边缘节点的地址"),
    ("'systems' are those of transmission devices of GB/T 26875", "systems 只用于 GB/T 26875 传输装置"),
    ("'devices' are those of Sparkplug edges", "devices 只用于 Sparkplug 边缘节点"),
    ("two devices have this name", "两台设备的名称相同"),
    ("a group can't be empty or have '/', '+' or '#'", "组名不能为空，也不能含“/”“+”“#”"),
    ("a token has at least {least} characters", "令牌至少 {least} 个字符"),
    ("this can't be a device's id at a platform", "不能作为平台上的设备编号"),
    ("two devices have the same address", "两台设备的地址相同"),
    ("'name' and 'value' belong together", "name 与 value 须同时出现"),
    ("'fields' and 'name' are two ways to say the same", "fields 与 name 是同一件事的两种写法"),
    ("'cert_file' and 'key_file' belong together", "cert_file 与 key_file 须同时出现"),
    ("'key_file' is nothing without 'cert_file'", "key_file 须与 cert_file 同时出现"),
    ("the embedded server listens on loopback without TLS", "内置服务器只在本机监听，不用 TLS"),
    ("certificates are for TLS", "证书只用于 TLS"),
    ("'client_ca_file' needs TLS", "client_ca_file 需要 TLS"),
    ("'{symbol}' is no measure of the point's quantity '{quantity}'", "“{symbol}”不是测点的量“{quantity}”的单位"),
    (
        "states are repeated every {period} s, but {point} counts as silent after {limit} s",
        "状态每 {period} 秒重报一次，而 {point} 在 {limit} 秒后即算静默",
    ),
    (
        "unchanged values are repeated every {period} s, but {point} counts as silent after {limit} s",
        "不变的值每 {period} 秒重报一次，而 {point} 在 {limit} 秒后即算静默",
    ),
    (
        "values are sent at most every {period} s, but {point} counts as silent after {limit} s",
        "值最快每 {period} 秒才报一次，而 {point} 在 {limit} 秒后即算静默",
    ),
    (
        "points are read every {period} s, but {point} counts as silent after {limit} s",
        "测点每 {period} 秒读一次，而 {point} 在 {limit} 秒后即算静默",
    ),
    ("a {kind} is always sent when it changes, and at once", "{kind} 类测点变化时总是立即上报"),
    ("a deadband sends changes only", "有死区即只报变化"),
    ("this protocol does nothing with it", "此协议不使用这一项"),
    ("the profile reads some points from part '{name}'", "档案的部分测点取自组成部分“{name}”"),
    # rules
    ("{file} has this id too", "{file} 已用此编号"),
    ("no other rule has this id", "没有其他规则用此编号"),
    ("no rule has this id", "没有规则用此编号"),
    ("this rule has no field {{name}}", "此规则没有字段 {{name}}"),
    ("braces do not match", "花括号不成对"),
    ("not the name of a point, nor a pattern", "不是测点名，也不是匹配式"),
    ("'{{name}}' is no plain field", "“{{name}}”不是普通字段"),
    ("a gateway has no points to test", "网关没有可测的测点"),
    ("this asks about gateways", "此条件针对网关"),
    ("this asks about devices", "此条件针对设备"),
    ("absence is of devices and gateways, a word is a point's", "absence 针对设备和网关，word 属于测点"),
    ("reconnect_s belongs to transmitters", "reconnect_s 只用于传输装置"),
    ("no point here has the word '{word}'", "这里没有字为“{word}”的测点"),
    ("{asked} does not fit {where}, which is in {quantity}", "{asked} 与 {where} 不符，后者的量是 {quantity}"),
    ("{where} is in {quantity}, and {test} takes no quantity", "{where} 的量是 {quantity}，而 {test} 不带量"),
    ("unknown quantity '{symbol}'", "没有量“{symbol}”"),
    ("a bits test needs exactly one of any, all, none", "bits 须且只须有 any、all、none 之一"),
    ("the step's high is not above its low", "step 的 high 不高于 low"),
    (
        "within_s belongs to gateways and transmitters; devices have max_silence_s of their points",
        "within_s 只用于网关和传输装置；设备用其测点的 max_silence_s",
    ),
    ("'{quantity}' is no quantity per time", "“{quantity}”不是按时间的量"),
    ("write e.g. '{quantity}/min' (s, min, h, d)", "例如写 “{quantity}/min”（s、min、h、d）"),
    ("this needs one limit", "此处须且只须有一个限值"),
    ("'of' asks exactly one thing", "of 须且只须问一件事"),
    ("a slope is per time, all else is not", "斜率是按时间的量，其他统计量不是"),
    ("write e.g. 'kPa/h' for a slope, 'kPa' for a mean", "例如斜率写 'kPa/h'，均值写 'kPa'"),
    ("'percentile' belongs to 'stat: percentile'", "percentile 只用于 stat: percentile"),
    ("write both, or neither", "两项都写，或都不写"),
    ("low and high are limits of readings", "low 和 high 是读数的限值"),
    ("write a number for std, slope and sum", "std、slope、sum 的限值写数字"),
    ("late_s is more than a sixth of over_s", "late_s 大于 over_s 的六分之一"),
    ("write a longer window, or wait less", "加长窗口，或缩短等待"),
    ("a sum needs a quantity that begins at 0", "求和的量须以0为起点"),
    ("write the canonical one, as degC", "写平台的量，如 degC"),
    ("a condition asks exactly one thing, found none", "一个条件须且只须问一件事，此处没有"),
    ("a condition asks exactly one thing, found {names}", "一个条件须且只须问一件事，此处有 {names}"),
    ("a combination selects nothing itself", "组合条件自身不选择对象"),
    ("fire alarms are latched until a person resets them", "火警须锁存到有人复位"),
    ("level_when does not raise the level", "level_when 没有提高等级"),
    ("unless is for point rules and one test", "unless 只用于测点规则和单个条件"),
    *FILE_TEXTS,
    *PLAN_TEXTS,
    *OPERATOR_TEXTS,
    *REPEAT_TEXTS,
    *RULE_TEXTS,
    *TELLING_TEXTS,
    *ALERTS_TEXTS,
    *POINT_LIST_TEXTS,
    *CHANNEL_TEXTS,
    # mends
    ("did you mean '{name}'?", "是不是“{name}”？"),
    ("use one of: {names}", "可用：{names}"),
    ("none is defined yet", "尚未定义任何一个"),
    ("add the line '{line}'", "加一行“{line}”"),
    ("remove '{key}', or correct its spelling: {Mend}", "删去“{key}”，或改正拼写：{Mend}"),
    (
        "use 1 to 64 of the characters A-Z a-z 0-9 _ -; names for people go into 'labels'",
        "只用 A-Z a-z 0-9 _ -，1 至 64 个；给人看的名称写在 labels 里",
    ),
    ("start it with {one} or {other}", "以 {one} 或 {other} 开头"),
    ("write text; put it in quotes when it looks like a number", "写文字；看起来像数字时加引号"),
    ("write digits only, without quotes", "只写数字，不加引号"),
    ("write digits only, without a fraction", "只写整数，不带小数"),
    ("write a number such as 2.5", "写数值，例如 2.5"),
    ("write a number such as 2.5, or leave the line out", "写数值，例如 2.5，或删去此行"),
    ("write true or false", "写 true 或 false"),
    ("write one 'name: value' a line, indented alike", "每行写一个“名称: 值”，缩进一致"),
    ("write each item on its own line after '- '", "每项单独一行，以“- ”开头"),
    ("write a number above {limit}", "写大于 {limit} 的数"),
    ("write a number below {limit}", "写小于 {limit} 的数"),
    ("write {limit} or more", "不小于 {limit}"),
    ("write {limit} or less", "不大于 {limit}"),
    ("write at least {limit} characters", "至少 {limit} 个字符"),
    ("write at most {limit} characters", "至多 {limit} 个字符"),
    ("write at least {limit}", "至少 {limit} 项"),
    ("write at most {limit}", "至多 {limit} 项"),
    ("give each {What} its own id", "每个{What}用自己的编号"),
    ("rename one of the two", "将其中一个改名"),
    ("rename one of the two devices or points", "将其中一个设备或测点改名"),
    ("swap or correct the two numbers", "对调或改正这两个数"),
    ("use a name such as Asia/Shanghai", "写 Asia/Shanghai 这样的名称"),
    (
        "use a profile for '{one}', or move the device to a '{other}' connection",
        "改用协议为“{one}”的档案，或把设备移到协议为“{other}”的连接下",
    ),
    ("add 'token: ${{name}}', or use 'host: 127.0.0.1'", "加 token: ${{name}}，或改用 host: 127.0.0.1"),
    ("add 'url: {url}' to 'store', or use 'kind: duckdb'", "在 store 下加 url: {url}，或改用 kind: duckdb"),
    ("write the unit id of the device as a number, 1 to 247 on a serial line", "写设备的从站地址，串行线上为 1 至 247"),
    ("give each device its own unit id, or remove one of the two", "每台设备用自己的从站地址，或删去其中一台"),
    ("write the panel's number as it stands on its display, 0 to 255", "写控制器显示的编号，0 至 255"),
    ("remove one of the two", "删去其中一个"),
    ("write kind: state", "写 kind: state"),
    ("give each component its own loop and point", "每个部件用自己的回路和编号"),
    ("copy the panel's own points from the profile 'jbf293k_panel'", "从档案 jbf293k_panel 复制控制器自身的测点"),
    ("give each device its own address", "每台设备用自己的地址"),
    ("add 'url', or remove them", "加 url，或删去证书"),
    ("add 'tls: true', or remove them", "加 tls: true，或删去证书"),
    (
        "write an edge under 'transmitters', and its devices under its 'devices'",
        "边缘节点写在 transmitters 下，其设备写在它的 devices 下",
    ),
    ("remove one of the two", "删去其中一个"),
    ("give each point its own metric", "每个测点用自己的数据项"),
    ("write group/edge, as 'fengsui unregistered' shows it", "写成 组/边缘节点，如 fengsui unregistered 所示"),
    ("write what hangs on an edge under 'devices'", "边缘节点下的设备写在 devices 下"),
    ("write what hangs on a transmitter under 'systems'", "传输装置下的系统写在 systems 下"),
    (
        "give each its own name; one may have none, and is the edge itself",
        "每台用自己的名称；可有一台不写，代表节点自身",
    ),
    ("write the groups by name", "逐个写出组名"),
    ("make one by 'openssl rand -hex 16'", "用 openssl rand -hex 16 生成"),
    ("write both, or neither", "两项都写，或都不写"),
    ("write one of them", "只写其中一项"),
    ("write 'cert_file' and 'key_file' too", "同时写 cert_file 和 key_file"),
    (
        "write the platform's id of the device, at most {most} characters",
        "写平台上的设备编号，至多 {most} 个字符",
    ),
    ("write less than {limit}", "写小于 {limit} 的数"),
    ("leave only 'heartbeat_s', or make the point a measure", "只保留 heartbeat_s，或把测点改为 measure"),
    ("remove 'on_change: false', or the deadband", "删去 'on_change: false'，或删去死区"),
    ("add 'parts: {{name}: …}' with its address", "加 'parts: {{name}: …}'，写它的地址"),
    ("write a smaller number behind the plus, or leave it out", "把加号后的数写小，或删去它"),
    ("write a symbol that is converted to '{quantity}'", "写能换算为“{quantity}”的单位符号"),
    (
        "raise options.max_registers, or move the registers closer together",
        "加大 options.max_registers，或缩小寄存器间距",
    ),
    (
        "write the part of the topic that names the device, without '/', '+', '#' and spaces",
        "写主题中代表设备的一级，不含“/”“+”“#”和空格",
    ),
    (
        "a scale of 0 makes every reading 0: write the real one, or leave it out",
        "比例为 0 会使读数恒为 0：写真实比例，或删去此项",
    ),
    ("keep one of 'quantity' and 'quantity_from'", "quantity 与 quantity_from 只保留一个"),
    ("a {type} at {address} would end after register {last}", "{address} 处的 {type} 超出寄存器 {last}"),
    ("sentinels are for integer types; a float says NaN by itself", "sentinels 只用于整数类型；浮点数自有 NaN"),
    ("bits are taken from u16, u32 or u64", "位只能取自 u16、u32 或 u64"),
    ("bits of a {type} go from 0 to {last}, first before last", "{type} 的位为 0 至 {last}，起始在前"),
    ("'{symbol}' is no known quantity: use one of {names}", "没有量“{symbol}”，可用：{names}"),
    ("write one level as {address}, as in {example}", "用 {address} 表示其中一级，例如 {example}"),
    ("no level may be empty or have '+', '#', braces or spaces", "每级不能为空，也不能含“+”“#”、花括号或空格"),
    ("'words' and 'type: word' belong together", "words 与 type: word 须同时出现"),
    ("write {first}, or another entity", "写 {first}，或换一种 entity"),
    ("write 'entity: gateway'", "写 'entity: gateway'"),
    ("write 'entity: device' or 'entity: zone'", "写 'entity: device' 或 'entity: zone'"),
    ("write a quantity of {quantity}, or watch other points", "写属于 {quantity} 的量，或选择其他测点"),
    ("use 'above' or 'below' with 'quantity: {quantity}'", "用 above 或 below，并写 'quantity: {quantity}'"),
    ("close each { with a }, and write {{ for a brace itself", "每个 { 都要有 }；花括号本身写作 {{"),
    ("add 'count: {kind: …, point: …}' to the rule", "在规则中加 'count: {kind: …, point: …}'"),
    ("use letters, digits, _ - and * ? for any; ! excludes", "用字母、数字、_ -，以及表示任意的 * ?；! 表示排除"),
    ("write a field as {{name}}", "字段写作 {{name}}"),
    ("write low first, then a greater high", "先写 low，再写更大的 high"),
    ("write one of {names}", "写其中之一：{names}"),
    ("move kind, point, … into its conditions", "把 kind、point 等移到其下的条件里"),
    ("remove '{key}'", "删去“{key}”"),
    ("give it a level above the rule's own", "写高于规则自身的等级"),
    ("use 'entity: point' and a single test", "用 'entity: point' 和单个条件"),
    ("write e.g. {example}", "例如写 {example}"),
    ("write {one} or {other}", "写 {one} 或 {other}"),
    ("check indentation, quotes and colons near this line", "检查此行附近的缩进、引号和冒号"),
    ("check escapes (\\U) and '%' lines", "检查转义（\\U）和以 % 开头的行"),
    ("check that the file exists and may be read", "检查文件是否存在、是否可读"),
    ("save the file as UTF-8; it may have been saved as GBK", "将文件另存为 UTF-8；它可能被存成了 GBK"),
    ("remove the invisible character", "删去看不见的字符"),
    ("remove the tag", "删去标签"),
    ("flatten the structure", "减少嵌套"),
    ("split the file", "拆分文件"),
    ("keep one of them", "只保留一个"),
    ("put the key in quotes", "给键加引号"),
    ("write the value out", "直接写出值"),
    ("write the character itself", "直接写出该字符"),
    ("write ${NAME} or ${NAME:-default}", "写 ${NAME} 或 ${NAME:-默认值}"),
    ("set {name} before starting, or write ${{name}:-default}", "启动前设置 {name}，或写 ${{name}:-默认值}"),
    ("give the folder that holds site.yaml", "给出 site.yaml 所在的文件夹"),
    ("add site.yaml, or give the folder that holds it", "添加 site.yaml，或给出它所在的文件夹"),
    ("add gateways/<id>.yaml, one file a gateway", "添加 gateways/<编号>.yaml，每个网关一个文件"),
    ("this gateway, {key}, is not in it", "其中没有本网关 {key}"),
    ("keep its unit and id; a gateway that is given up is stopped", "保留其单位与编号；不再使用的网关应停止运行"),
    ("there is no gateway {key}", "没有网关 {key}"),
    ("name a gateway of the site with --unit and --gateway", "用 --unit 和 --gateway 写明站点中的网关"),
    (
        "split the gateway's devices over two gateways; a bundle has at most {most} bytes",
        "把设备分到两个网关；配置包最多 {most} 字节",
    ),
    ("a bundle of {size} bytes; at most {most}", "配置包 {size} 字节，超过上限 {most}"),
    ("rename it to {name}", "改名为 {name}"),
)

_NAME = re.compile(r"\{([A-Z]?[a-z]+)\}")


def in_language(problem: Problem, language: str) -> Problem:
    """Return the problem with its sentences in ``zh``, or as it is for any other language."""
    if language != "zh":
        return problem
    return replace(problem, message=chinese(problem.message), mend=chinese(problem.mend))


def chinese(text: str) -> str:
    """Return a sentence in Chinese, or the sentence itself when no template fits."""
    return _translated(text) or text


def _translated(text: str) -> str | None:
    for form, target in _forms():
        found = form.fullmatch(text)
        if not found:
            continue
        parts = {name: part if name.islower() else _translated(part) for name, part in found.groupdict().items()}
        if None not in parts.values():
            return _NAME.sub(partial(_part, parts), target)
    return None


def _part(parts: Mapping[str, str | None], name: re.Match[str]) -> str:
    return parts[name[1]] or ""


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """Compile the templates; exact ones come first, then the others in the order of the table."""
    ordered = sorted(TEMPLATES, key=lambda pair: bool(_NAME.search(pair[0])))
    return [(re.compile("".join(_pattern(english)), re.DOTALL), target) for english, target in ordered]


def _pattern(english: str) -> Iterator[str]:
    """Turn a template into the parts of a regular expression; a name that stands twice must agree."""
    seen: set[str] = set()
    for at, part in enumerate(_NAME.split(english)):
        if at % 2 == 0:
            yield re.escape(part)
        elif part in seen:
            yield rf"(?P={part})"
        else:
            seen.add(part)
            yield rf"(?P<{part}>.+?)"
