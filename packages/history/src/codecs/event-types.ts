import type { EventType, Json } from '../event/event.ts'
import { meaningsOf, plain } from './roles.ts'

/** Common names of event types, in lower case and without separators. */
const TYPES: ReadonlyMap<string, EventType> = meaningsOf({
  invoke: 'invoke invoked invocation call called start started begin began request req issued submitted',
  ok: `ok return returned respond responded response resp reply complete completed completion
    done finish finished end ended success succeeded`,
  fail: 'fail failed failure rejected aborted',
  info: 'info timeout timedout unknown crash crashed error indeterminate',
})

/** The type of an event. In Porcupine, false is a call and true a return. */
export const typeOf = (value: Json): EventType | undefined =>
  typeof value === 'boolean'
    ? value
      ? 'ok'
      : 'invoke'
    : typeof value === 'string'
      ? TYPES.get(plain(value))
      : undefined
