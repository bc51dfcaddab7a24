export { errorOutcomes, judgeNotices, judgeReport, noticeOutcomes } from './errors.ts'
export { type CatalogueTable, proposeTables } from './proposal.ts'
