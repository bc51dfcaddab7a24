import createSubscriber from 'pg-listen'

const subscriber = createSubscriber({ connectionString: process.env.DATABASE_URL })
subscriber.events.on('error', (error) => console.log(error.message))
const heard = new Promise((resolve) => subscriber.notifications.on('news', resolve))
await subscriber.connect()
await subscriber.listenTo('news')
await subscriber.notify('news', { greeting: "it's" })
console.log(await heard, subscriber.getSubscribedChannels())
await subscriber.unlisten('news')
await subscriber.close()
