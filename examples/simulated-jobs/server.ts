// Queues of jobs. POST /queues/QUEUE/jobs with {"job": JOB} appends one, POST /queues/QUEUE/take returns {"job": JOB}, or null
// if there is none, and POST /queues/QUEUE/drain takes all that are left: {"jobs": [JOB, …]}.
import { appendFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'

const careful = process.env['TAKING'] === 'careful'
const queues = new Map<string, unknown[]>()

/** Who has taken what, for the operators. */
const written = (queue: string, job: unknown) => appendFile('taken.log', `${JSON.stringify([queue, job])}\n`)

async function take(queue: string, jobs: unknown[]): Promise<unknown> {
  if (jobs.length === 0) return null
  if (careful) {
    // The job leaves the queue before anything is waited for.
    const job = jobs.shift()
    await written(queue, job)
    return job
  }
  const [job] = jobs
  await written(queue, job)
  jobs.shift()
  return job
}

async function bodyOf(request: IncomingMessage): Promise<{ readonly job?: unknown }> {
  let body = ''
  for await (const chunk of request) body += chunk
  return JSON.parse(body === '' ? '{}' : body)
}

createServer(async (request, response) => {
  const [, , queue = '', what] = (request.url ?? '').split('/')
  const { job } = await bodyOf(request)
  const jobs = queues.get(queue) ?? []
  queues.set(queue, jobs)
  if (what === 'jobs') jobs.push(job)
  const reply = what === 'take' ? { job: await take(queue, jobs) } : what === 'drain' ? { jobs: jobs.splice(0) } : {}
  response.end(JSON.stringify(reply))
}).listen(Number(process.env['PORT']))
