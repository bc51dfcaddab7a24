import type { EventType, Json } from '../event/event.ts'
import { plain } from './roles.ts'

const words = (type: EventType, text: string): readonly (readonly [string, EventType])[] =>
  text.split(' ').map((word) => [word, type])

/** Common names of event types, without case and separators. */
const TYPES: ReadonlyMap<string, EventType> = new Map([
  ...words('invoke', 'invoke invoked invocation call called start started begin began request req issued submitted'),
  ...words('ok', 'ok return returned respond responded response resp reply complete completed completion'),
  ...words('ok', 'done finish finished end ended success succeeded'),
  ...words('fail', 'fail failed failure rejected aborted'),
  ...words('info', 'info timeout timedout unknown crash crashed error indeterminate'),
])

/** The type of an event. In Porcupine, false is a call and true a return. */
export const typeOf = (value: Json): EventType | undefined =>
  typeof value === 'boolean'
    ? value
      ? 'ok'
      : 'invoke'
    : typeof value === 'string'
      ? TYPES.get(plain(value))
      : undefined
