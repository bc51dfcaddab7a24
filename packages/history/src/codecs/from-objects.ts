import { HistoryBuilder } from '../builder/builder.ts'
import type { Json } from '../event/event.ts'
import { brokenRule, EventError } from '../event/rules.ts'
import type { History } from '../history/history.ts'
import { eventOfMembers, headerOfMembers, membersOf } from './event-members.ts'
import { OtherTimes } from './other-times.ts'

/**
 * Builds a history from objects that look like lines of the native format. A header may come first. Validates every
 * event, unlike `historyFromEvents`, because the objects may come from untyped code.
 *
 * @throws UserError with the position of the event, from 1, and the rule that it breaks.
 */
export function historyFromObjects(objects: Iterable<unknown>, source = 'events'): History {
  const builder = new HistoryBuilder({ source })
  const times = new OtherTimes({ source, sink: builder })
  let position = 0
  for (const object of objects) {
    position += 1
    try {
      take(builder, times, object, position)
    } catch (error) {
      throw error instanceof EventError ? brokenRule(source, position, error.message) : error
    }
  }
  return builder.build()
}

function take(builder: HistoryBuilder, times: OtherTimes, object: unknown, position: number): void {
  if (isJson(object, 0)) {
    const members = membersOf(object)
    const header = position === 1 ? headerOfMembers(members) : undefined
    if (header === undefined) builder.event(times.timed(eventOfMembers(members, builder.epoch)), position)
    else builder.header(header)
  } else throw new EventError('an event must be a plain JSON object, without dates, maps, NaN or cycles.')
}

/** Only a cyclic object exceeds this depth. */
const DEEPEST = 200

function isJson(value: unknown, depth: number): value is Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth > DEEPEST) return false
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  // Another realm, such as a vm's, has another Object.prototype.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false
  // As in JSON.stringify, undefined means absent.
  return Object.values(value).every((member) => member === undefined || isJson(member, depth + 1))
}
