import type { Ordering } from '@chaosproxy/history'
import * as v from 'valibot'
import { asName } from './declare.ts'
import type { Option } from './option.ts'

/** How the events of a history are ordered. */
export const orderOption: Option<Ordering['by']> = asName(v.optional(v.picklist(['lines', 'time'])), 'order', {
  text: 'lines: in the order of lines, whatever their times say; time: sorted by time',
  usual: 'lines, whose times must agree',
})
