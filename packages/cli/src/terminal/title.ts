import { fitted } from './fitted.ts'
import { print } from './output.ts'
import { widthAsked } from './page-width.ts'

/** What a command is about to do, before it does it. */
export const printTitle = (title: string): void =>
  print(process.stderr, fitted(`\n  ${title}\n\n`, widthAsked(process.stderr)))
