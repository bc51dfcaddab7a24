export { PostgresqlConversation } from './conversation.ts'
export { errorOutcomes, judgeNotices, judgeReport, noticeOutcomes } from './errors.ts'
export type { PostgresqlSettings } from './settings.ts'
