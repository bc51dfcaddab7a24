import { UserError } from '@chaosproxy/history'
import { defineFamily, type FaultOf } from '../definition/family.ts'
import { json, optional, text, type ValuesOf, wholeNumber } from '../definition/parameter.ts'
import { counting, times } from '../definition/trigger.ts'
import {
  corruptMessage,
  delayMessage,
  dropMessage,
  duplicateMessage,
  fabricateMessage,
  forgeMessage,
  forgeSignedMessage,
  reorderMessage,
  replayMessage,
} from '../kinds/messages.ts'

const match = {
  contains: optional(text('only messages with this text in their bytes')),
  member: optional(text('only JSON with this member (entry.term)')),
  equals: optional(json('and this as its value')),
  command: optional(text('only this RESP command (SET)')),
  key: optional(text('only RESP commands for this key')),
}

/** Messages are counted from 1 on each link, from when the fault was applied. */
const when = {
  ...counting('message', ' of a link'),
  afterMessages: optional(wholeNumber('only after this many messages of the connection, such as greetings')),
  ...times,
}

export const messageFamily = defineFamily({
  name: 'message',
  summary: 'single messages of RESP, JSON lines or a length prefix',
  noun: 'message fault',
  kinds: [
    dropMessage,
    duplicateMessage,
    reorderMessage,
    replayMessage,
    delayMessage,
    corruptMessage,
    fabricateMessage,
    forgeMessage,
    forgeSignedMessage,
  ],
  match,
  when,
  validateMatch(given, _, where) {
    if ('equals' in given && !('member' in given))
      throw new UserError('input', `${where}: "match": "equals" says what a member is. Give "member" as well.`)
  },
})

export type MessageMatch = ValuesOf<typeof match>
export type MessageFault = FaultOf<typeof messageFamily.kinds, typeof match, typeof when>
