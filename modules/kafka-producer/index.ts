export { KafkaProducer, type KafkaProducerProps } from "./kafka-producer";
