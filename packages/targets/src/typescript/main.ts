import { typescriptLoader } from './loader.ts'

// Runs a TypeScript program as Node runs a JavaScript program: node main.js PROGRAM ARGUMENTS.

process.argv.splice(1, 1)
const [, program = ''] = process.argv
const loader = await typescriptLoader(program)
// Loading the compiler changes the format of stack traces. It is loaded here, so that the format can be restored.
const { stackTraceLimit, prepareStackTrace } = Error
loader.transform({ source: '', ts: true })
Object.assign(Error, { stackTraceLimit, prepareStackTrace })
await loader.import(program)
