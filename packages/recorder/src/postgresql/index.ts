export { errorOutcomes, judgeNotices, judgeReport, noticeOutcomes } from './errors.ts'
export { type Catalogue, type CatalogueTable, proposeTables } from './proposal.ts'
export { shapesOf } from './sql-tokens.ts'
export { historyOfTraffic, type Passed } from './traffic.ts'
