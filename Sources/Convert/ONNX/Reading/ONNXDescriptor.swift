import CProtobufC
import CSchemas
import Metadata

/// The descriptions of message types that `protoc-c` generated.
enum ONNXDescriptor {
  /// `ModelProto`.
  static var model: UnsafePointer<ProtobufCMessageDescriptor> {
    var message = Onnx__ModelProto()
    onnx__model_proto__init(&message)
    return message.base.descriptor
  }

  /// `TensorProto`.
  static var tensor: UnsafePointer<ProtobufCMessageDescriptor> {
    var message = Onnx__TensorProto()
    onnx__tensor_proto__init(&message)
    return message.base.descriptor
  }

  /// Unpacks the message of type `root` in `bytes`, reads it with `body` and frees it.
  ///
  /// `memory` is the most bytes that unpacking may take; by default 16 times the skeleton and 64 MiB.
  static func withMessage<Message, R>(
    _ root: UnsafePointer<ProtobufCMessageDescriptor>, as type: Message.Type,
    in bytes: UnsafeRawBufferPointer, memory: Int? = nil,
    _ body: (Message) throws(ImportProblem) -> R
  ) throws(ImportProblem) -> R {
    let skeleton = try SkeletonBuilder.skeleton(of: bytes, root: root)
    let budget = MessageBudget(limit: memory ?? 16 * skeleton.count + 64 << 20)
    var result: Result<R, ImportProblem>?
    budget.withAllocator { allocator in
      guard let message = protobuf_c_message_unpack(root, allocator, skeleton.count, skeleton)
      else { return }
      defer { protobuf_c_message_free_unpacked(message, allocator) }
      let typed = UnsafeRawPointer(message).assumingMemoryBound(to: type).pointee
      do throws(ImportProblem) { result = .success(try body(typed)) } catch {
        result = .failure(error)
      }
    }
    if let result { return try result.get() }
    if let needed = budget.refused {
      throw .tooLarge(what: "the structure of the model", bytes: needed, limit: budget.limit)
    }
    throw .malformed(offset: nil, "a packed field is cut off")
  }
}
