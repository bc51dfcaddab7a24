import { counterRoom } from '../counter/online.ts'
import { lockRoom } from '../lock/online.ts'
import { createChecker, type OnlineChecker, type OnlineOptions } from '../online/checker.ts'
import { bagRoom, queueRoom } from '../queue/online/room.ts'
import { registerRoom } from '../register/online/room.ts'
import { setRoom } from '../set/online/room.ts'
import { findModel } from './registry.ts'

/** Every kind of object that can be judged while it is recorded. */
const rooms = {
  register: (options) => createChecker(registerRoom, options),
  counter: (options) => createChecker(counterRoom, options),
  lock: (options) => createChecker(lockRoom, options),
  queue: (options) => createChecker(queueRoom, options),
  bag: (options) => createChecker(bagRoom, options),
  set: (options) => createChecker(setRoom, options),
} as const satisfies { readonly [model: string]: (options: OnlineOptions) => OnlineChecker }

export type OnlineModel = keyof typeof rooms

/** The model of this name or alias, if it can be judged while it is recorded. */
export function onlineModel(model: unknown): OnlineModel | undefined {
  if (typeof model !== 'string') return undefined
  const name = findModel(model)?.name ?? model
  return Object.hasOwn(rooms, name) ? (name as OnlineModel) : undefined
}

/** Checks linearizability of one kind of object while the history is recorded. */
export const createOnlineChecker = ({
  model,
  ...options
}: OnlineOptions & { readonly model: OnlineModel }): OnlineChecker => rooms[model](options)
