import { fitted } from './fitted.ts'
import { print } from './output.ts'
import { widthAsked } from './page-width.ts'

/** Prints what a command is about to do. */
export const printTitle = (title: string): void =>
  print(process.stderr, fitted(`\n  ${title}\n\n`, widthAsked(process.stderr)))
