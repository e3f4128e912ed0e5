export { createWarehouseSink, sinkTopics, type WarehouseSink, type WarehouseSinkOptions } from './app.ts';
export { parseSinkConfig, type SinkConfig } from './config.ts';
