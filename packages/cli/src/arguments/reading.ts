import type { Ordering } from '@chaosproxy/history'
import * as v from 'valibot'
import type { Option } from '../option.ts'
import { asName, flag, ifTyped } from './declare.ts'

/** How the events of a history are read. */
export const readingOptions: {
  readonly keyed: Option<boolean | undefined>
  readonly order: Option<Ordering['by']>
} = {
  keyed: ifTyped(
    flag("values are pairs of a key and a value, as in Jepsen's independent tests [default: detected in EDN]"),
  ),
  order: asName(v.optional(v.picklist(['lines', 'time'])), 'order', {
    text: 'order of events: lines, as they stand, whatever their times; time, sorted by time',
    usual: 'lines, and their times must agree',
  }),
}
