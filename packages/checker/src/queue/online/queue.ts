import type { OnlineRoom } from '../../online/object-monitor.ts'
import { queue } from '../queue.ts'
import { type Asked, messageRoom } from './room.ts'

/** Queues, judged while they are recorded. */
export const queueRoom: OnlineRoom<Asked> = messageRoom({ model: queue.name, isInOrder: true })
