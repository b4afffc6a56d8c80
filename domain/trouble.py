"""What can be wrong with the ground the program stands on, by name, with the cure.

Shown by ``/api/health``, the console's head line and logs; each instance adds its own detail (which
disk, how many bytes) beside these words.
"""

import errno
import sqlite3
from enum import StrEnum

from domain.base import Text


class Trouble(StrEnum):
    BUS_AWAY = "bus_away"
    BUS_LOADING = "bus_loading"
    BUS_REFUSES = "bus_refuses"
    BUS_READ_ONLY = "bus_read_only"
    BUS_MEMORY_FULL = "bus_memory_full"
    BUS_CANNOT_SAVE = "bus_cannot_save"

    DATABASE_AWAY = "database_away"
    DATABASE_LOCKED = "database_locked"
    DATABASE_BUSY = "database_busy"
    DATABASE_READ_ONLY = "database_read_only"
    DATABASE_FULL = "database_full"
    DATABASE_GONE = "database_gone"
    DATABASE_BROKEN = "database_broken"
    DATABASE_REFUSES = "database_refuses"

    DISK_FULL = "disk_full"
    DISK_READ_ONLY = "disk_read_only"
    DISK_FAILED = "disk_failed"
    CONNECTION_LOST = "connection_lost"
    TOO_MANY_FILES = "too_many_files"

    INTAKE_STOPPED = "intake_stopped"
    MESSAGES_LATE = "messages_late"
    MESSAGES_DEAD = "messages_dead"
    MESSAGES_TOO_NEW = "messages_too_new"
    WORKERS_SILENT = "workers_silent"

    @property
    def words(self) -> Text:
        """What is wrong."""
        return _WORDS[self][0]

    @property
    def cure(self) -> Text:
        """What to do about it."""
        return _WORDS[self][1]


_W = Text.of
_WORDS: dict[Trouble, tuple[Text, Text]] = {
    Trouble.BUS_AWAY: (
        _W("消息总线没有应答", "The message bus does not answer"),
        _W(
            "请确认总线已启动, 且 bus.url 的地址可达; 消息在各小脑本地等待, 不会丢失",
            "see that it runs and that bus.url can be reached; messages wait at the workers",
        ),
    ),
    Trouble.BUS_LOADING: (
        _W("消息总线正在载入数据", "The message bus is still loading its data"),
        _W("请稍候, 会自动恢复", "wait: it recovers by itself"),
    ),
    Trouble.BUS_REFUSES: (
        _W("消息总线拒绝登录或操作", "The message bus refuses the login or the command"),
        _W(
            "请核对 bus.url 中的用户名、密码及其权限",
            "check user, password and rights of bus.url",
        ),
    ),
    Trouble.BUS_READ_ONLY: (
        _W("消息总线只读 (连到了副本)", "The message bus is a read-only replica"),
        _W("请将 bus.url 指向主节点", "let bus.url name the primary"),
    ),
    Trouble.BUS_MEMORY_FULL: (
        _W("消息总线内存已满", "The memory of the message bus is full"),
        _W(
            "请加大 maxmemory (内置总线: bus.embedded_max_bytes), 或缩短 bus.news_keep_s",
            "raise its maxmemory (embedded: bus.embedded_max_bytes), or lower bus.news_keep_s",
        ),
    ),
    Trouble.BUS_CANNOT_SAVE: (
        _W("消息总线无法写盘, 不再接收消息", "The message bus cannot save and takes no messages"),
        _W(
            "请在总线所在磁盘腾出空间或修复磁盘, 详见总线日志",
            "make room on its disk, or mend the disk; its log says more",
        ),
    ),
    Trouble.DATABASE_AWAY: (
        _W("案件数据库没有应答", "The case database does not answer"),
        _W(
            "请确认数据库已启动, 且 database.url 的地址可达; 消息在总线上等待",
            "see that it runs and that database.url can be reached; messages wait on the bus",
        ),
    ),
    Trouble.DATABASE_LOCKED: (
        _W("案件数据库被其他程序锁定", "Another program holds the case database locked"),
        _W(
            "请结束占用数据库的程序 (备份、查询工具、另一个中脑)",
            "end the program that holds it: a backup, a query tool, a second center",
        ),
    ),
    Trouble.DATABASE_BUSY: (
        _W(
            "等待写入案件数据库的操作过多",
            "Too many changes wait for the case database",
        ),
        _W(
            "请稍后重试; 若持续出现, 请查看是否有其他程序锁定数据库",
            "try again soon; if it lasts, see whether another program holds it locked",
        ),
    ),
    Trouble.DATABASE_READ_ONLY: (
        _W("案件数据库只读, 无法写入案件", "The case database is read-only: no case can be kept"),
        _W(
            "请检查文件及磁盘的写权限; PostgreSQL 请连到主库",
            "check the rights of its file and disk; of PostgreSQL, name the primary",
        ),
    ),
    Trouble.DATABASE_FULL: (
        _W("案件数据库所在磁盘已满", "The disk of the case database is full"),
        _W("请腾出磁盘空间, 之后自动恢复", "make room there; it recovers by itself"),
    ),
    Trouble.DATABASE_GONE: (
        _W("案件数据库文件不在原处", "The file of the case database is not in its place"),
        _W("请放回数据库文件, 并重启中脑", "put the file back and restart the center"),
    ),
    Trouble.DATABASE_BROKEN: (
        _W("案件数据库损坏或读写出错", "The case database is damaged, or its disk fails"),
        _W("请检查磁盘, 并从备份恢复", "check the disk and restore the backup"),
    ),
    Trouble.DATABASE_REFUSES: (
        _W(
            "案件数据库拒绝操作 (权限或表结构不符)",
            "The case database refuses: rights or tables are not as expected",
        ),
        _W(
            "请核对 database.url 的用户权限, 并用同一版本的程序升级表结构",
            "check the rights of the user of database.url, and let this program's version make "
            "the tables",
        ),
    ),
    Trouble.DISK_FULL: (
        _W("磁盘已满", "The disk is full"),
        _W("请腾出磁盘空间, 之后自动恢复", "make room there; it recovers by itself"),
    ),
    Trouble.DISK_READ_ONLY: (
        _W("磁盘只读", "The disk is read-only"),
        _W("请以可写方式重新挂载", "mount it for writing"),
    ),
    Trouble.DISK_FAILED: (
        _W("磁盘读写出错", "The disk fails"),
        _W("请检查磁盘及其连接", "check the disk and its cables"),
    ),
    Trouble.CONNECTION_LOST: (
        _W("网络连接中断", "A connection was lost"),
        _W("请检查网络, 之后自动恢复", "check the network; it recovers by itself"),
    ),
    Trouble.TOO_MANY_FILES: (
        _W("打开的文件过多", "Too many files are open"),
        _W("请加大 nofile 限制, 并重启", "raise the limit of open files and restart"),
    ),
    Trouble.INTAKE_STOPPED: (
        _W("案件接收已停止", "No messages are taken in any more"),
        _W("请重启中脑, 并查看日志", "restart the center and read its log"),
    ),
    Trouble.MESSAGES_LATE: (
        _W("消息积压, 案件迟到", "Messages pile up: cases come late"),
        _W(
            "请查看中脑日志; 机器过载时减少摄像机或换更快的机器",
            "read the center's log; if the machine is too slow, fewer cameras or a faster one",
        ),
    ),
    Trouble.MESSAGES_DEAD: (
        _W("有消息未能处理, 已存为死信", "Some messages could not be handled: dead letters"),
        _W(
            "请在“运维 · 系统与消息”或用 patrol bus dead list 查看, 重放或弃置",
            "see Maintenance · Program and messages, or patrol bus dead list; replay or discard",
        ),
    ),
    Trouble.MESSAGES_TOO_NEW: (
        _W(
            "有消息来自更新版本的程序, 已暂存",
            "Some messages are of a newer program and wait for it",
        ),
        _W(
            "请升级中脑, 启动后自动处理",
            "upgrade the center: it takes them in when it starts",
        ),
    ),
    Trouble.WORKERS_SILENT: (
        _W("有小脑无消息", "Workers are silent"),
        _W("请检查小脑是否运行、网络是否通畅", "see that they run and reach the bus"),
    ),
}

_OF_ERRNO = {
    errno.ENOSPC: Trouble.DISK_FULL,
    errno.EDQUOT: Trouble.DISK_FULL,
    errno.EROFS: Trouble.DISK_READ_ONLY,
    errno.EIO: Trouble.DISK_FAILED,
    errno.EMFILE: Trouble.TOO_MANY_FILES,
    errno.ENFILE: Trouble.TOO_MANY_FILES,
}
_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: Trouble.DATABASE_LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.DATABASE_LOCKED,
    sqlite3.SQLITE_PROTOCOL: Trouble.DATABASE_LOCKED,
    sqlite3.SQLITE_READONLY: Trouble.DATABASE_READ_ONLY,
    sqlite3.SQLITE_FULL: Trouble.DATABASE_FULL,
    sqlite3.SQLITE_CANTOPEN: Trouble.DATABASE_GONE,
    sqlite3.SQLITE_IOERR: Trouble.DATABASE_BROKEN,
    sqlite3.SQLITE_CORRUPT: Trouble.DATABASE_BROKEN,
    sqlite3.SQLITE_NOTADB: Trouble.DATABASE_BROKEN,
    sqlite3.SQLITE_PERM: Trouble.DATABASE_REFUSES,
    sqlite3.SQLITE_AUTH: Trouble.DATABASE_REFUSES,
}
_SQLITE_SAYS = {
    "no such table": Trouble.DATABASE_REFUSES,
    "no such column": Trouble.DATABASE_REFUSES,
    "has no column": Trouble.DATABASE_REFUSES,
    "is locked": Trouble.DATABASE_LOCKED,
    "readonly": Trouble.DATABASE_READ_ONLY,
    "is full": Trouble.DATABASE_FULL,
    "unable to open": Trouble.DATABASE_GONE,
    "disk i/o error": Trouble.DATABASE_BROKEN,
}
"""For errors with no code, or with the general one."""


def trouble_of(error: BaseException) -> Trouble | None:
    """What an error of the system or of SQLite says of the world; None if it says nothing of it,
    so that the fault is with whatever was being done."""
    if isinstance(error, sqlite3.DatabaseError):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says where it was noticed
        said = str(error).lower()
        by_text = next((found for words, found in _SQLITE_SAYS.items() if words in said), None)
        return _OF_SQLITE.get(code) or by_text
    if isinstance(error, ConnectionError | TimeoutError):
        return Trouble.CONNECTION_LOST
    if isinstance(error, OSError):
        return _OF_ERRNO.get(error.errno or 0)
    return None
