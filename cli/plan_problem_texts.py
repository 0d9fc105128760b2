"""Chinese for what is wrong with floor plans and with coordinates on them: see `cli.problem_texts`."""

from __future__ import annotations

PLAN_TEXTS: tuple[tuple[str, str], ...] = (
    ("area", "片区"),
    ("floor", "楼层"),
    ("not a plan's name", "不是平面图的文件名"),
    ("write plans/<name>.svg: a file of the site's own folder", "写成 plans/<名称>.svg，即站点文件夹内的文件"),
    ("no such file in the site folder", "站点文件夹中没有这个文件"),
    ("save the plan as {name}", "将平面图存为 {name}"),
    ("beside the floor plan {file}", "不在平面图 {file} 之内"),
    (
        "write [x, y] with x from {left} to {right} and y from {top} to {bottom}",
        "写 [x, y]，其中 x 为 {left} 至 {right}，y 为 {top} 至 {bottom}",
    ),
    ("save it as plain SVG, drawn with lines, shapes and texts only", "另存为普通 SVG，只用线条、图形和文字绘制"),
    ("simplify the drawing: a plan takes 5 to 50 kB", "简化图形：平面图一般为 5 至 50 kB"),
    ("simplify the drawing", "简化图形"),
    ("ungroup the drawing", "取消多余的编组"),
    ("not XML: {reason}", "不是 XML：{reason}"),
    ("no drawing in it", "其中没有图形"),
    ("not an SVG drawing", "不是 SVG 图形"),
    ("begin the file with <svg xmlns={name} viewBox=…>", "文件以 <svg xmlns={name} viewBox=…> 开头"),
    ("a document type may not stand in a plan", "平面图中不允许有文档类型声明"),
    ("remove the line that begins with {what}", "删去以 {what} 开头的行"),
    ("an entity may not stand in a plan", "平面图中不允许有实体"),
    ("write the text itself", "直接写出文字"),
    ("a processing instruction may not stand in a plan", "平面图中不允许有处理指令"),
    ("more than {most} elements", "多于 {most} 个元素"),
    ("'viewBox' is missing", "缺少 viewBox"),
    ("write its size, as in {example}", "写出大小，例如 {example}"),
    ("{what} may not stand within what is not drawn", "不绘制的部分里不允许有 {what}"),
    ("{what} may not stand in a plan", "平面图中不允许有 {what}"),
    ("'{name}' has the wrong form", "“{name}”的写法不对"),
    ("a text of more than {most} characters", "文字超过 {most} 个字符"),
    ("write the name of the room only", "只写房间名称"),
)
