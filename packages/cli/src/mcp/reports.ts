import { join } from 'node:path'
import { listRuns, readTextFile } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import type { ListedResource, ResourceContents } from './packages.ts'

const REPORT = 'report.html'
const BEGINNING = 'chaos://runs/'
const TYPE = 'text/html'

export const listedReports = (out: string): readonly ListedResource[] =>
  listRuns(out)
    .runs.filter(({ hasReport }) => hasReport)
    .map(({ name, title }) => ({
      uri: `${BEGINNING}${encodeURIComponent(name)}/${REPORT}`,
      name: `${name}/${REPORT}`,
      title,
      mimeType: TYPE,
    }))

/**
 * Reads a report. Only listed reports can be read, so a name cannot reach other files.
 *
 * @throws UserError (usage, input)
 */
export function readReport(out: string, uri: string): ResourceContents {
  const found = listedReports(out).find((report) => report.uri === uri)
  if (found === undefined)
    throw usageError(`${uri}: there is no such report in ${out}. List the resources to see the reports.`)
  return { contents: [{ uri, mimeType: TYPE, text: readTextFile(uri, join(out, found.name)) }] }
}
