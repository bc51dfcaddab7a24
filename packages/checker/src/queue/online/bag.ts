import type { OnlineRoom } from '../../online/object-monitor.ts'
import { bag } from '../bag.ts'
import { type Asked, messageRoom } from './room.ts'

/** Bags, judged while they are recorded. */
export const bagRoom: OnlineRoom<Asked> = messageRoom({ model: bag.name, isInOrder: false })
