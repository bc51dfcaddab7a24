import { Overwrites } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { writeFrontend } from '../../../../wire/src/postgresql/frontend.ts'
import type { FrontendMessage } from '../../../../wire/src/postgresql/message.ts'
import { postgresqlConversation } from '../../../src/postgresql/conversation.ts'
import { OVERFLOW } from '../../../src/postgresql/questions.ts'
import { parsePostgresqlSettings } from '../../../src/postgresql/settings.ts'
import { recording } from '../../record/in-memory.ts'

/** Whether the recorder gives up a connection after these messages. */
function isLostAfter(messages: readonly FrontendMessage[]): boolean {
  const { client, now, connection } = recording()
  const conversation = postgresqlConversation({
    ...{ connection, now, naming: { kind: 'said' }, maxMessageBytes: 1e7, overwrites: new Overwrites() },
    commands: parsePostgresqlSettings({ table: 'kv' }, 'a test').commands,
  })
  const startup: FrontendMessage = { kind: 'startup', minorVersion: 0, parameters: [] }
  conversation.requested(Buffer.concat([startup, ...messages].map(writeFrontend)), now())
  return client.lines.some((line) => line.includes(OVERFLOW))
}

const query = (sql: string): FrontendMessage => ({ kind: 'query', sql })

describe('the recorder of a PostgreSQL connection', () => {
  test.each<readonly [string, (more: number) => readonly FrontendMessage[]]>([
    ['10,000 queries without a reply', (more) => Array.from({ length: 10_000 + more }, () => query('SELECT 1'))],
    ['10,000 statements in one query', (more) => [query('SELECT 1;'.repeat(10_000 + more))]],
  ])('the recorder of a PostgreSQL connection understands at most %s', (_, messages) => {
    expect([isLostAfter(messages(0)), isLostAfter(messages(1))]).toEqual([false, true])
  })
})
