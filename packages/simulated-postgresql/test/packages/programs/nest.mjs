import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm'
import { EntitySchema } from 'typeorm'

const Cat = new EntitySchema({
  name: 'Cat',
  columns: {
    id: { type: 'int', primary: true, generated: 'identity' },
    name: { type: 'text' },
    kind: { type: 'enum', enum: ['wild', 'tame'], default: 'tame' },
  },
})
class App {}
Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: process.env.DATABASE_URL,
      synchronize: true,
      entities: [Cat],
      retryAttempts: 0,
    }),
    TypeOrmModule.forFeature([Cat]),
  ],
})(App)
for (const _ of [1, 2]) {
  const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false })
  const cats = app.get(getRepositoryToken(Cat))
  await cats.save({ name: 'tom' })
  console.log(await cats.find({ select: { name: true, kind: true }, order: { id: 'asc' } }))
  await app.close()
}
