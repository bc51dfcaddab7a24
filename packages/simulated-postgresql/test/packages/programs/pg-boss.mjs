import PgBoss from 'pg-boss'

const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, schedule: false })
boss.on('error', (error) => console.log(error.message))
await boss.start()
await boss.createQueue('mail', { name: 'mail', retryLimit: 2 })
const id = await boss.send('mail', { to: 'ann' })
const [job] = await boss.fetch('mail')
console.log(job.id === id, job.data)
await boss.complete('mail', job.id, { sent: true })
const done = await boss.getJobById('mail', id)
console.log(done.state, done.output)
await boss.send('mail', { to: 'bob' }, { singletonKey: 'bob', singletonSeconds: 60 })
const worked = new Promise((resolve) =>
  boss.work('mail', { pollingIntervalSeconds: 0.5 }, ([each]) => resolve(each.data)),
)
await boss.send('mail', { to: 'eve' }, { priority: 3 })
await worked
console.log((await boss.getQueueSize('mail', { before: 'active' })) >= 0, (await boss.getQueue('mail')).policy)
await boss.stop({ graceful: true, wait: true })
