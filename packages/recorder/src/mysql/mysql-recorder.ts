import { recordPostgresql } from '../postgresql/postgresql-recorder.ts'
import type { PostgresqlSettings } from '../postgresql/settings.ts'
import type { RecordedServer, ServerRecording } from '../spoken/conversation.ts'
import { mysqlSpeech } from './dialogue.ts'
import { MYSQL_NAMES } from './settings.ts'
import { mysqlDialect } from './statement.ts'

export const recordMysql = (recorded: PostgresqlSettings & RecordedServer): ServerRecording =>
  recordPostgresql({
    ...recorded,
    commands: { ...recorded.commands, dialect: mysqlDialect },
    speech: mysqlSpeech,
    namedBy: MYSQL_NAMES,
  })
