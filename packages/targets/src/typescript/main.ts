import { pathToFileURL } from 'node:url'

// Runs a program in TypeScript as Node runs one in JavaScript: node main.js PROGRAM ARGUMENTS.

process.argv.splice(1, 1)
const [, program = ''] = process.argv
const { createJiti } = await import('jiti')
await createJiti(pathToFileURL(program).href).import(program)
