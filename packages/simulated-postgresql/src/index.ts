export { NotSupported, SqlError } from './sql/error.ts'
