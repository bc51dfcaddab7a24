import { type Json, Overwrites } from '@chaosproxy/history'
import { writeBackend } from '../../../wire/src/postgresql/backend.ts'
import { writeFrontend } from '../../../wire/src/postgresql/frontend.ts'
import type { BackendMessage, Column, FrontendMessage } from '../../../wire/src/postgresql/message.ts'
import { postgresqlConversation } from '../../src/postgresql/conversation.ts'
import { parsePostgresqlSettings } from '../../src/postgresql/settings.ts'
import { recording } from '../record/in-memory.ts'

export const tables = {
  accounts: { key: 'id', values: ['balance'] },
  doctors: { values: { on_call: 'boolean' } },
  wallets: { values: { funds: 'numeric' } },
  order: { key: 'order_id', values: ['status'] },
  transfers: { values: ['amount', 'fee'] },
}

export const column = (name: string, type = 23): Column => ({
  ...{ name, table: 1, attribute: 1, type, size: -1, modifier: -1, format: 0 },
})
export const tag = (said: string): BackendMessage => ({ kind: 'command-complete', tag: said })
export const row = (...values: (string | null)[]): BackendMessage => ({
  kind: 'data-row',
  values: values.map((value) => (value === null ? null : Buffer.from(value))),
})
export const columns = (...names: string[]): BackendMessage => ({
  kind: 'row-description',
  columns: names.map((name) => column(name)),
})
export const refused = (code: string): BackendMessage => ({
  kind: 'error',
  fields: [
    ['V', 'ERROR'],
    ['C', code],
    ['M', 'why'],
  ],
})
export const ready = (status: 'I' | 'T' | 'E'): BackendMessage => ({ kind: 'ready', status })

/** A simple query and its answer, without the ReadyForQuery. */
export type Exchanged = readonly [sql: string, ...answer: BackendMessage[]]

/** Messages of the extended protocol and their answer, without the ReadyForQuery. */
export interface Extended {
  readonly asked: readonly FrontendMessage[]
  readonly answered: readonly BackendMessage[]
}

/**
 * Returns the events of a connection on which these queries are sent one after another. The last query may be
 * unanswered.
 */
export const recorded = (...queries: readonly Exchanged[]) => recordedBy({ tables }, [], ...queries)

export function recordedBy(
  settings: { readonly [member: string]: Json },
  parameters: readonly (readonly [string, string])[],
  ...all: readonly (Exchanged | Extended)[]
): { readonly [member: string]: Json }[] {
  const queries = all.filter((each): each is Exchanged => Array.isArray(each))
  const extended = all.find((each): each is Extended => !Array.isArray(each))
  const { client, now, connection } = recording()
  const { commands } = parsePostgresqlSettings(settings, 'a test')
  const conversation = postgresqlConversation({
    ...{ connection, now, commands, maxMessageBytes: 10_000, overwrites: new Overwrites() },
    naming: { kind: 'said' },
  })
  let sent = 0
  let delivered = 0
  const ask = (...messages: readonly FrontendMessage[]): void => {
    const bytes = Buffer.concat(messages.map(writeFrontend))
    conversation.requested(bytes, now())
    sent += bytes.length
    conversation.sent(sent, now())
  }
  const answer = (...messages: BackendMessage[]): void => {
    for (const bytes of messages.map(writeBackend)) {
      conversation.answered(bytes)
      delivered += bytes.length
      conversation.delivered(delivered)
    }
  }
  ask({ kind: 'startup', minorVersion: 0, parameters: [['application_name', 'a'], ...parameters] })
  answer({ kind: 'authentication', method: 0, bytes: Buffer.alloc(0) }, ready('I'))
  let status: 'I' | 'T' | 'E' = 'I'
  for (const [sql, ...messages] of queries) {
    ask({ kind: 'query', sql })
    if (messages.length === 0) continue
    if (/^BEGIN/.test(sql)) status = 'T'
    if (/^(COMMIT|ROLLBACK$|PREPARE TRANSACTION)/.test(sql)) status = 'I'
    answer(...messages, ready(status))
  }
  if (extended !== undefined) {
    ask(...extended.asked)
    answer(...extended.answered, ready('I'))
  }
  conversation.closed()
  return client.lines.map((line) => JSON.parse(line) as { readonly [member: string]: Json })
}

/** Returns the type of each completion of a transaction, with its micro-operations or else its error. */
export const completions = (...queries: readonly Exchanged[]): readonly Json[] =>
  recorded(...queries).flatMap(({ f, type, value, error }) =>
    f === 'txn' && type !== 'invoke' ? [[type ?? '', value ?? error ?? '']] : [],
  )

export const begin: Exchanged = ['BEGIN', tag('BEGIN')]
export const commit: Exchanged = ['COMMIT', tag('COMMIT')]
export const marks = (...queries: readonly Exchanged[]): readonly Json[] =>
  recorded(...queries).flatMap(({ f, key, value }) =>
    f === 'touched' || f === 'not-understood' ? [[f, key ?? 'all', (value as { readonly why: string }).why]] : [],
  )
