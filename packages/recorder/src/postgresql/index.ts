export { errorOutcomes, judgeNotices, judgeReport, noticeOutcomes } from './errors.ts'
export { type CatalogueColumn, type CatalogueTable, type Proposal, proposeTables } from './proposal.ts'
