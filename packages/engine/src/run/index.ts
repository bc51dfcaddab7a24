export { EXIT, type ExitCode } from '@chaosproxy/runner/result'
export { commandLine, fileWord } from '../command-line.ts'
export {
  CONFIG_NAMES,
  configPathIn,
  extendByConfig,
  findConfig,
  type LoadedConfig,
  loadConfig,
} from '../config/load.ts'
export { baselineEntries } from '../config/members.ts'
export { type NamedRegistries, type OwnNames, registriesOf, withPaths } from '../config/registries.ts'
export { requireRun } from '../config/schema.ts'
export { firstOf, whenAborted } from '../jobs/interruption.ts'
export { knownName } from '../known-name.ts'
export type { Output, Reporting, Screen, SubjectTexts, Text } from '../output/part.ts'
export { attempt, partOf, placeFor, textBy } from '../output/part.ts'
export { createRunDirectory, makeOutDirectory, RUN_JSON, readSummary, USUAL_OUT } from '../run-directory.ts'
export { readBytesFile, readJsonFile, readTextAt, readTextFile } from '../text-file.ts'
export { packageVersion } from '../version.ts'
export { foundJson, writeWholeFile } from '../whole-file.ts'
export { carryOut } from './carry-out.ts'
export type { ChosenBaseline } from './held-to.ts'
export { type KnownRuns, listRuns, writeRunsPage } from './list-runs.ts'
export { type FinishedRun, proved, runSubjectOf, writeResults } from './results.ts'
export { readSpecFile } from './spec-file.ts'
