import { beforeAll, type RunnerTask } from 'vitest'
import { retriedAs } from './retried-tests.ts'

// Runs in every test file. The tests in the list of retried tests may be tried again once, all others never.

// biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it which fixtures are wanted
beforeAll(({}, { file }) => allowRetries(file.name, file.tasks))

function allowRetries(file: string, tasks: readonly RunnerTask[]): void {
  for (const task of tasks) {
    if (task.type === 'suite') allowRetries(file, task.tasks)
    else task.retry = retriedAs(file, task.name) === undefined ? 0 : 1
  }
}
