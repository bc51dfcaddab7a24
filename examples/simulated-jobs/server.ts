// Queues of jobs. POST /queues/QUEUE/jobs with {"job": JOB} appends one, POST /queues/QUEUE/take returns {"job": JOB}, or null
// if there is none, and POST /queues/QUEUE/drain takes all that are left: {"jobs": [JOB, …]}.
import { appendFile } from 'node:fs/promises'
import Fastify from 'fastify'

const careful = process.env['TAKING'] === 'careful'
const queues = new Map<string, unknown[]>()

function jobsOf(queue: string): unknown[] {
  const jobs = queues.get(queue) ?? []
  queues.set(queue, jobs)
  return jobs
}

/** Logs for the operators which job was taken from which queue. */
const written = (queue: string, job: unknown) => appendFile('taken.log', `${JSON.stringify([queue, job])}\n`)

async function take(queue: string): Promise<unknown> {
  const jobs = jobsOf(queue)
  if (jobs.length === 0) return null
  if (careful) {
    // The job leaves the queue before the first await.
    const job = jobs.shift()
    await written(queue, job)
    return job
  }
  const [job] = jobs
  await written(queue, job)
  jobs.shift()
  return job
}

const app = Fastify()
interface Route {
  readonly Params: { readonly queue: string }
  readonly Body: { readonly job: unknown }
}

app.post<Route>('/queues/:queue/jobs', async ({ params, body }) => {
  jobsOf(params.queue).push(body.job)
  return {}
})
app.post<Route>('/queues/:queue/take', async ({ params }) => ({ job: await take(params.queue) }))
app.post<Route>('/queues/:queue/drain', async ({ params }) => ({ jobs: jobsOf(params.queue).splice(0) }))

await app.listen({ port: Number(process.env['PORT']), host: process.env['HOST'] ?? '127.0.0.1' })
