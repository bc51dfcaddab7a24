export { errorOutcomes, judgeError } from './errors.ts'
