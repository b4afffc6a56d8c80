"""Every word of the pages, in both languages, in one place.

Words of the trade (states, moves, faults …) live with their enums in `domain`.
Keys beginning with ``js.`` are also given to the scripts of the pages.
"""

from domain.base import Language, Text

_W = Text.of

WORDS: dict[str, Text] = {
    "product": _W("哨兵巡看", "Sentinel Patrol"),
    "skip": _W("跳到正文", "Skip to content"),
    "operator": _W("值班", "On duty"),
    "help": _W("快捷键", "Keyboard shortcuts"),
    "theme": _W("切换深浅主题", "Switch theme"),
    "language.other": _W("EN", "中文"),
    "language.other_code": _W("en", "zh-CN"),
    "language.switch": _W("切换为英文", "Switch to Chinese"),
    "nav.label": _W("主导航", "Main"),
    "nav.desk": _W("调度台", "Desk"),
    "nav.wall": _W("画面墙", "Wall"),
    "nav.cameras": _W("摄像机", "Cameras"),
    "nav.maintenance": _W("运维", "Maintenance"),
    "live.connecting": _W("连接中", "Connecting"),
    "close_window": _W("关闭", "Close"),
    "back": _W("返回", "Back"),
    "cancel": _W("取消", "Cancel"),
    "ok": _W("确定", "OK"),
    "undo": _W("撤销", "Undo"),
    "print": _W("打印", "Print"),
    "download": _W("下载", "Download"),
    "dash": _W("—", "—"),
    "never": _W("尚无", "None yet"),
    "overdue": _W("超期", "Overdue"),
    "urgent_tag": _W("急", "Urgent"),
    "stale": _W("画面已过期 {span}", "Picture is {span} old"),
    # header
    "count.review": _W("待受理", "To review"),
    "count.overdue": _W("超期", "Overdue"),
    "count.work": _W("处置中", "In work"),
    "count.today": _W("今日", "Today"),
    "count.cameras": _W("{n} 路", "{n} cameras"),
    "count.seeing": _W("{n} 正常", "{n} seeing"),
    "count.offline": _W("{n} 离线", "{n} offline"),
    "count.impaired": _W("{n} 画面异常", "{n} impaired"),
    "count.silent": _W("{n} 无消息", "{n} without word"),
    "count.unknown": _W("{n} 待连接", "{n} connecting"),
    # queue
    "queue.label": _W("案件队列", "Queue of cases"),
    "queue.search": _W("搜索编号、地点、网格…", "Search number, place, grid…"),
    "queue.empty": _W("没有案件", "No cases"),
    "queue.empty_words": _W(
        "新案件会自动出现在这里, 无需刷新", "New cases appear here by themselves"
    ),
    "queue.shown": _W("显示 {n} / {total}", "{n} of {total} shown"),
    "queue.most": _W(
        "只列出最前的 {n} 件, 请用筛选或搜索缩小范围",
        "Only the first {n} are listed; narrow them down by filters or search",
    ),
    "queue.more": _W("显示更多", "Show more"),
    "filter.group": _W("阶段", "Stage"),
    "filter.all": _W("全部", "All"),
    "filter.kind": _W("类别", "Kind"),
    "filter.kind_all": _W("全部类别", "All kinds"),
    "filter.priority": _W("级别", "Level"),
    "filter.priority_all": _W("全部级别", "All levels"),
    "filter.grid": _W("网格", "Grid"),
    "filter.grid_all": _W("全部网格", "All grids"),
    "filter.camera": _W("仅摄像机 {id}", "Only camera {id}"),
    "filter.clear": _W("清除", "Clear"),
    # case
    "case.label": _W("案件", "Case"),
    "case.none": _W("未选择案件", "No case chosen"),
    "case.none_words": _W("从左侧队列选择, 或按 J", "Choose one from the queue, or press J"),
    "case.whole": _W("打开案件页", "Open the case page"),
    "facts": _W("案情", "Facts"),
    "fact.what": _W("事由", "What"),
    "fact.why": _W("依据", "Why"),
    "fact.where": _W("地点", "Where"),
    "fact.since": _W("时间", "Since"),
    "fact.owner": _W("归属", "Queue"),
    "fact.code": _W("问题代码 {code}", "Code {code}"),
    "fact.score": _W("置信度", "Confidence"),
    "fact.count": _W("人数 {n}", "Count {n}"),
    "fact.no_grid": _W("未落入任何网格", "In no grid"),
    "fact.camera": _W("摄像机", "Camera"),
    "fact.gb_id": _W("国标编码", "GB/T 28181"),
    "fact.gone": _W("消失于", "Gone at"),
    "fact.lasted": _W("历时 {span}", "lasted {span}"),
    "fact.seen": _W("最近一次看到", "Last seen"),
    "fact.assignee": _W("处置人", "Assigned to"),
    "fact.due": _W("受理时限", "Review due"),
    "map": _W("网格位置", "Grid position"),
    "map.synthetic": _W("示意, 非真实边界", "Sketch, not real borders"),
    "map.label": _W("{place} 在网格图中的位置", "{place} on the grid plan"),
    "map.metres": _W("{n} 米", "{n} m"),
    "map.kilometres": _W("{n} 公里", "{n} km"),
    "history": _W("流转记录", "History"),
    # pictures and clips
    "media.taken": _W("拍摄于 {at}", "Taken {at}"),
    "media.neighbour": _W("相邻摄像机 {name}", "Neighbouring camera {name}"),
    "media.label": _W("画面与片段", "Picture and clip"),
    "picture.alt": _W("{kind}, {place}, 拍摄于 {at}", "{kind} at {place}, taken {at}"),
    "picture.pending": _W("快照生成中", "Snapshot on its way"),
    "boxes": _W("标注框", "Boxes"),
    "clip.label": _W("视频片段", "Video clip"),
    "clip.play": _W("播放片段 {n}", "Play clip, {n}"),
    "clip.preview": _W(
        "转码预览, 原片为 H.265, 请在下方下载", "Transcoded preview; the H.265 original is below"
    ),
    "clip.pending": _W("片段录制中, 约 {n} 秒后", "Clip being recorded, about {n} s"),
    "clip.soon": _W("片段录制中, 即将完成", "Clip being recorded, nearly done"),
    "clip.never": _W("片段缺失 (未收到)", "Clip missing (none came)"),
    "picture.never": _W("快照缺失 (未收到)", "Snapshot missing (none came)"),
    "missing": _W("{kind}缺失 ({reason} {at})", "{kind} missing ({reason}, {at})"),
    "lost": _W("{kind}缺失 (证据库中找不到文件)", "{kind} missing (not in the evidence store)"),
    "track.label": _W(
        "片段时间线: 蓝色为目标可见, 黄线为立案判定时刻",
        "Clip time line: blue while seen, amber when the incident opened",
    ),
    "evidence": _W("证据", "Evidence"),
    "evidence.kind": _W("种类", "Kind"),
    "evidence.captured": _W("拍摄时间", "Captured"),
    "evidence.size": _W("大小", "Size"),
    "evidence.hash": _W("SHA-256", "SHA-256"),
    "evidence.none": _W("证据尚未送达", "No evidence has arrived yet"),
    # decisions
    "actions.label": _W("处理", "Decisions"),
    "actions.none": _W("此状态下没有可做的操作", "Nothing can be done in this state"),
    "action.real": _W("属实并立案", "Confirm"),
    "action.false": _W("误报…", "False…"),
    "action.duplicate": _W("重复…", "Duplicate…"),
    "action.permitted": _W("许可", "Permitted"),
    "action.gone": _W("自行消失", "Gone by itself"),
    "action.dispatch": _W("派遣…", "Dispatch…"),
    "action.pre_dispatch": _W("预派遣…", "Pre-dispatch…"),
    "strip.false": _W("误报原因", "What fooled the detector?"),
    "strip.duplicate": _W("与哪一案重复?", "Duplicate of which case?"),
    "strip.duplicate_no": _W("案件编号", "Case number"),
    "strip.duplicate_none": _W("附近没有相似案件", "No similar case nearby"),
    "strip.dispatch": _W("派遣给", "Dispatch to"),
    "strip.dispatch_ok": _W("派遣", "Dispatch"),
    "strip.note": _W("说明", "Note"),
    "key.next": _W("下一案", "Next case"),
    "key.previous": _W("上一案", "Previous case"),
    "key.real": _W("属实并立案", "Confirm as real"),
    "key.false": _W("误报, 再按原因", "False, then the reason"),
    "key.duplicate": _W("与另一案重复", "Duplicate of another"),
    "key.permitted": _W("许可", "Permitted"),
    "key.dispatch": _W("派遣", "Dispatch"),
    "key.close": _W("结案", "Close the case"),
    "key.undo": _W("撤销上一步", "Undo the last move"),
    "key.play": _W("播放或暂停片段", "Play or pause the clip"),
    "key.boxes": _W("显示或隐藏标注框", "Boxes on or off"),
    "key.search": _W("搜索", "Search"),
    "key.cancel": _W("取消", "Cancel"),
    "key.help": _W("本帮助", "This help"),
    # wall and board
    "wall.title": _W("画面墙", "Camera wall"),
    "wall.words": _W(
        "每路为最近一次巡看的画面, 不是直播",
        "Each picture is the camera's last look, not live video",
    ),
    "wall.alt": _W("{name} 最近一次巡看的画面", "Last look of {name}"),
    "wall.empty": _W("没有摄像机", "No cameras"),
    "wall.empty_words": _W("配置中还没有摄像机", "The configuration has no cameras yet"),
    "wall.no_picture": _W("尚无画面", "No picture yet"),
    "wall.since": _W("自 {at} 起", "since {at}"),
    "wall.cases": _W("{n} 案", "{n} open"),
    "wall.not_heard": _W("等待连接", "Not heard of yet"),
    "wall.silent": _W("无消息", "No word"),
    "wall.silent_words": _W("小脑无消息, 无人巡看", "Its worker is silent: nobody watches"),
    "board.words": _W("共 {n} 路; 问题在前", "{n} in all; trouble first"),
    "board.camera": _W("摄像机", "Camera"),
    "board.status": _W("状态", "Status"),
    "board.detail": _W("故障", "Fault"),
    "board.last_look": _W("最近巡看", "Last look"),
    "board.promise": _W("巡看承诺", "Promise"),
    "board.last_packet": _W("最近数据", "Last packet"),
    "board.stream": _W("码流", "Stream"),
    "board.keyframes": _W("关键帧", "Keyframes"),
    "board.reconnects": _W("重连", "Reconnects"),
    "board.cases": _W("未结案件", "Open cases"),
    "board.every": _W("每 {n} 秒", "every {n} s"),
    "board.fps": _W("{n} 帧/秒", "{n} fps"),
    "board.kept": _W("目前兑现, 最长间隔 {span}", "now kept, longest interval {span}"),
    "board.broken": _W("目前未兑现, 最长间隔 {span}", "now broken, longest interval {span}"),
    "board.day_kept": _W("24 小时兑现, 最长间隔 {span}", "kept for 24 h, longest interval {span}"),
    "board.day_broken": _W(
        "24 小时内未兑现, 最长间隔 {span}", "broken within 24 h, longest interval {span}"
    ),
    "board.missed": _W("漏看 {n} 次 ({causes})", "missed {n} ({causes})"),
    # maintenance
    "maintenance.words": _W("待处理 {n} 项; 不进入调度台", "{n} open; none goes to the desk"),
    "maintenance.empty": _W("没有运维工单", "Nothing to repair"),
    "maintenance.empty_words": _W(
        "摄像机故障会自动出现在这里, 恢复后自动关闭",
        "Faults of cameras appear here by themselves, and close when they heal",
    ),
    "maintenance.since": _W("故障始于", "Since"),
    "maintenance.lasted": _W("持续", "Lasted"),
    "maintenance.state": _W("工单", "Case"),
    "maintenance.open": _W("待处理", "Open"),
    "maintenance.closed": _W("已恢复", "Healed"),
    "maintenance.times": _W("次数", "Times"),
    "maintenance.picture": _W("最近画面", "Last picture"),
    "maintenance.removed": _W("已不在配置中", "No longer configured"),
    # errors
    "error.not_found": _W("没有找到", "Not found"),
    "error.not_found_words": _W("没有这个页面或案件", "There is no such page or case"),
    "error.unavailable": _W("暂时无法读取", "Not available now"),
    "error.unavailable_words": _W(
        "数据库没有应答, 稍后会自动恢复", "The database does not answer; it will recover by itself"
    ),
    # relative times; also used by the scripts
    "ago.second": _W("{n} 秒前", "{n} s ago"),
    "ago.minute": _W("{n} 分钟前", "{n} min ago"),
    "ago.hour": _W("{n} 小时前", "{n} h ago"),
    "ago.day": _W("{n} 天前", "{n} d ago"),
    "age.second": _W("{n} 秒", "{n} s"),
    "age.minute": _W("{n} 分钟", "{n} min"),
    "age.hour": _W("{n} 小时", "{n} h"),
    "age.day": _W("{n} 天", "{n} d"),
    "span.second": _W("{n} 秒", "{n} s"),
    "span.minute": _W("{n} 分", "{n} min"),
    "span.hour": _W("{n} 小时", "{n} h"),
    "span.day": _W("{n} 天", "{n} d"),
    "js.live": _W("实时", "Live"),
    "js.gone": _W("已断开", "Disconnected"),
    "js.banner": _W(
        "与服务器断开, 最后消息 {at}。画面与数字均已停止更新",
        "Disconnected from the server, last news {at}. Pictures and figures stand still",
    ),
    "js.unread": _W(
        "服务器暂时读不到数据, 所见停在 {at}",
        "The server cannot read its data; what you see is of {at}",
    ),
    "js.no_news": _W("无", "none"),
    "js.seconds": _W("{n} 秒", "{n} s"),
    "js.failed": _W("未能提交, 请重试", "Could not be sent, try again"),
    "js.done": _W("{no} {state}", "{no}: {state}"),
    "js.undone": _W("{no} 已撤销", "{no}: undone"),
    "js.no_undo": _W("没有可撤销的操作", "Nothing to undo"),
    "js.need_number": _W("请填写案件编号", "Give the number of the other case"),
    "js.unplayable": _W(
        "浏览器无法播放此片段, 请下载原片", "This browser cannot play the clip; download it"
    ),
}


def say(key: str, language: Language, **values: object) -> str:
    """The words of `key`, with `values` put in.

    Raises:
        KeyError: no such words; a page must never show a key.
    """
    return WORDS[key].to(language).format(**values)


def script_words(language: Language) -> dict[str, str]:
    """What the scripts of a page need to say, unformatted."""
    wanted = ("js.", "ago.", "age.", "stale", "clip.pending", "clip.soon", "undo")
    return {key: text.to(language) for key, text in WORDS.items() if key.startswith(wanted)}
