export { checkCommandLine } from './check/again.ts'
export { judgeHistory, USUAL_CHECK } from './check/judged.ts'
