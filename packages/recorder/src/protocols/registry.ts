import { mysql } from '../mysql/protocol.ts'
import { postgresql } from '../postgresql/protocol.ts'
import { redis } from '../redis/protocol.ts'
import type { RecordedProtocol } from '../spoken/protocol.ts'

/** A new protocol needs a folder next to this one and a line here; its framing needs a folder and a line in `wire`. */
export const recordedProtocols: readonly RecordedProtocol[] = [redis, postgresql, mysql]
