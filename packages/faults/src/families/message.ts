import { inputError } from '@chaosproxy/history'
import type { Matching } from '../definition/definition.ts'
import { defineFamily, type FaultOf } from '../definition/family.ts'
import { json, optional, text, textOrNumber, wholeNumber } from '../definition/parameter.ts'
import { quote } from '../definition/read-parameters.ts'
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
  contains: optional(textOrNumber('hit only messages whose bytes contain this text')),
  member: optional(text('hit only JSON messages with this member (entry.term)')),
  equals: optional(json('hit only JSON messages in which "member" has this value')),
  command: optional(text('hit only this RESP command (SET)')),
  key: optional(textOrNumber('hit only RESP commands for this key')),
}

/** Messages are counted from 1 on each link, from when the fault is applied. */
const when = {
  ...counting('message', ' of a link'),
  afterMessages: optional(wholeNumber('skip this many messages at the start of each connection, such as greetings')),
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
      throw inputError(
        `${where}: "match": "equals" compares a member with a value. Also give "member", the name of this member.`,
      )
    const [command = '', key] = given.command?.trim().split(/\s+/) ?? []
    if (given.command !== undefined && given.command !== command)
      throw inputError(
        `${where}: "match": "command" is ${quote(given.command)}, and no command has spaces. The nearest is "command" ${quote(command)}${key === undefined ? '' : ` with "key" ${quote(key)}`}.`,
      )
  },
})

export type MessageMatch = Matching<typeof match>
export type MessageFault = FaultOf<typeof messageFamily.kinds, typeof match, typeof when>
