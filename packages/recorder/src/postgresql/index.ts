export { errorOutcomes, judgeNotices, judgeReport, noticeOutcomes } from './errors.ts'
