"""Chinese for the problems of rules that came after the first ones: formulas, consequences, applying."""

from __future__ import annotations

RULE_TEXTS: tuple[tuple[str, str], ...] = (
    ("a schedule alone is no alarm", "只有时间表不成为告警"),
    ("a schedule watches no points", "时间表不看测点"),
    ("several are counted in 'condition' and 'level_when' only", "several 只能用在 condition 和 level_when 中"),
    ("one point is not several", "一个测点不成其为 several"),
    ("one device is not several", "一台设备不成其为 several"),
    ("a schedule asks for opening hours, or for days and times", "时间表或问营业时间，或问日期与时间"),
    ("a sequence needs its time", "sequence 须有时限"),
    ("'{value}' is no time of day", "“{value}”不是时刻"),
    ("'to' is before 'from', or more than a year after it", "to 早于 from，或晚于 from 一年以上"),
    ("{day} is a day off and a working day", "{day} 既是休息日又是工作日"),
    # formulas
    ("a formula of {count} characters", "公式有 {count} 个字符，太长"),
    ("keep within {most}, or split the rule", "最多 {most} 个字符，或拆成几条规则"),
    ("a formula without a point", "公式中没有测点"),
    ("name the points that it is about", "写出所涉及的测点"),
    ("a formula over {count} points", "公式涉及 {count} 个测点，太多"),
    ("name {most} points or fewer, or split the rule", "最多 {most} 个测点，或拆成几条规则"),
    ("a formula of more than {most} parts", "公式超过 {most} 个组成部分"),
    ("split the rule", "拆成几条规则"),
    ("'{sign}' at character {at} has no meaning", "第 {at} 个字符“{sign}”没有意义"),
    (
        "use numbers, names of points, + - * / < <= > >= == != and or not min max abs ( )",
        "只用数值、测点名和 + - * / < <= > >= == != and or not min max abs ( )",
    ),
    ("'{sign}' at character {at} is too much", "第 {at} 个字符“{sign}”多余"),
    ("join comparisons with 'and' or 'or'", "比较之间用 and 或 or 连接"),
    ("remove it, or join it", "删去，或用运算符连接"),
    ("a number or a point is missing before the end", "末尾缺少数值或测点"),
    ("a number or a point is missing before '{sign}' at character {at}", "第 {at} 个字符“{sign}”之前缺少数值或测点"),
    ("write it there", "在那里补上"),
    ("unknown quantity '{quantity}' at character {at}", "第 {at} 个字符：没有单位“{quantity}”"),
    (
        "'{quantity}' at character {at} has another zero, which a difference would not have",
        "第 {at} 个字符：“{quantity}”的零点不同，不能用于差值",
    ),
    ("write the number in {quantity}", "改用 {quantity} 书写"),
    ("'{name}' at character {at} is a function", "第 {at} 个字符“{name}”是函数"),
    ("write {name}(…)", "写成 {name}(…)"),
    ("'{name}' at character {at} of {count}", "第 {at} 个字符“{name}”不能带 {count} 个参数"),
    (
        "write one number in abs(…), two or more in min(…) and max(…)",
        "abs(…) 带一个，min(…)、max(…) 带两个以上",
    ),
    ("a bracket is not closed", "括号没有闭合"),
    ("write ')'", "补上“)”"),
    ("brackets within brackets, more than {most} deep", "括号嵌套超过 {most} 层"),
    ("write it flatter", "减少嵌套"),
    ("character {at} begins a number, where a comparison is needed", "从第 {at} 个字符起是数值，此处应为比较"),
    ("write e.g. '> 0'", "例如写“> 0”"),
    (
        "'{sign}' at character {at} is true or false, where a number is needed",
        "第 {at} 个字符“{sign}”是真或假，此处应为数值",
    ),
    ("compare numbers, and join comparisons with and, or, not", "比较数值，比较之间用 and、or、not 连接"),
    ("a formula names its points itself", "公式已写明测点"),
    ("remove 'point'", "删去“point”"),
    (
        "on {profile}: '{sign}' at character {at} is between {left} and {right}",
        "{profile}：第 {at} 个字符“{sign}”两边的单位是 {left} 和 {right}，不一致",
    ),
    (
        "bring both sides to one quantity, and write it behind numbers, e.g. '5 {quantity}'",
        "两边用同一单位，数值后写明单位，例如“5 {quantity}”",
    ),
    (
        "on {profile}: '{sign}' at character {at} makes a quantity of {left} and {right} that has no name",
        "{profile}：第 {at} 个字符“{sign}”由 {left} 和 {right} 得出的量没有名称",
    ),
    (
        "multiply and divide by plain numbers, or divide by the same quantity",
        "只与无单位的数值相乘除，或除以同一单位的量",
    ),
    (
        "no device here has all points of the formula; '{name}' is missing",
        "没有设备具备公式中的全部测点，缺少“{name}”",
    ),
    # consequences
    ("a fire is nobody's consequence and is never hidden", "火警不是任何告警的后果，不得隐藏"),
    ("hide other rules, or none", "改为隐藏其他规则，或不隐藏"),
    ("rules hide each other in a circle: {circle}", "规则相互隐藏，形成循环：{circle}"),
    ("remove one of the links: what is a cause can't be a consequence", "去掉其中一处：原因不能同时是后果"),
)
"""English template → Chinese, see `cli.problem_texts`."""
