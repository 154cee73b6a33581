#include "destination/duckdb/json_cells.h"

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {
namespace {

JsonShape shape_of_structure(duckdb_logical_type type) {
  JsonShape shape{.kind = JsonShape::Kind::structure, .names = {}, .children = {}};
  const auto members = duckdb_struct_type_child_count(type);
  for (idx_t i = 0; i < members; ++i) {
    char* name = duckdb_struct_type_child_name(type, i);
    shape.names.emplace_back(name);
    duckdb_free(name);
    if (shape.names.back().empty()) return {.names = {}, .children = {}};  // row(1, 2): its type cannot be written
    const LogicalType child(duckdb_struct_type_child_type(type, i));
    shape.children.push_back(json_shape(child.get()));
  }
  return shape;
}

bool is_null(duckdb_vector vector, idx_t row) {
  auto* validity = duckdb_vector_get_validity(vector);
  return validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
}

void append_element(const JsonShape& shape, duckdb_vector vector, idx_t row, std::string& out) {
  if (is_null(vector, row)) {
    out += "null";
  } else {
    append_json(shape, vector, row, out);
  }
}

void append_elements(const JsonShape& element, duckdb_vector vector, idx_t begin, idx_t end, std::string& out) {
  out += '[';
  for (idx_t i = begin; i < end; ++i) {
    if (i > begin) out += ',';
    append_element(element, vector, i, out);
  }
  out += ']';
}

void append_map(const JsonShape& shape, duckdb_vector entries, idx_t begin, idx_t end, std::string& out) {
  const auto keys = duckdb_struct_vector_get_child(entries, 0);
  const auto values = duckdb_struct_vector_get_child(entries, 1);
  out += '{';
  for (idx_t i = begin; i < end; ++i) {
    if (i > begin) out += ',';
    const auto& key = shape.children[0];
    if (key.kind == JsonShape::Kind::scalar) {
      out += json_string(text_of(static_cast<const duckdb_string_t*>(duckdb_vector_get_data(keys))[i]));
    } else {
      std::string document;
      append_json(key, keys, i, document);
      out += json_string(document);
    }
    out += ':';
    append_element(shape.children[1], values, i, out);
  }
  out += '}';
}

}  // namespace

bool is_number(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_DECIMAL:
      return true;
    default:
      return false;
  }
}

JsonShape json_shape(duckdb_logical_type type) {
  const auto id = duckdb_get_type_id(type);
  const auto nested = [](JsonShape::Kind kind, const LogicalType& element) {
    return JsonShape{.kind = kind, .names = {}, .children = {json_shape(element.get())}};
  };
  switch (id) {
    case DUCKDB_TYPE_LIST:
      return nested(JsonShape::Kind::list, LogicalType(duckdb_list_type_child_type(type)));
    case DUCKDB_TYPE_ARRAY: {
      auto shape = nested(JsonShape::Kind::array, LogicalType(duckdb_array_type_child_type(type)));
      shape.array_size = duckdb_array_type_array_size(type);
      return shape;
    }
    case DUCKDB_TYPE_MAP: {
      auto shape = nested(JsonShape::Kind::map, LogicalType(duckdb_map_type_key_type(type)));
      shape.children.push_back(json_shape(LogicalType(duckdb_map_type_value_type(type)).get()));
      return shape;
    }
    case DUCKDB_TYPE_STRUCT:
      return shape_of_structure(type);
    default: {
      const auto scalar = is_number(id)               ? JsonScalar::number
                          : id == DUCKDB_TYPE_BOOLEAN ? JsonScalar::boolean
                                                      : JsonScalar::text;
      return {.scalar = scalar, .names = {}, .children = {}};
    }
  }
}

std::string text_type(const JsonShape& shape) {
  switch (shape.kind) {
    case JsonShape::Kind::scalar:
      break;
    case JsonShape::Kind::list:
      return text_type(shape.children[0]) + "[]";
    case JsonShape::Kind::array:
      return text_type(shape.children[0]) + "[" + std::to_string(shape.array_size) + "]";
    case JsonShape::Kind::map:
      return "MAP(" + text_type(shape.children[0]) + ", " + text_type(shape.children[1]) + ")";
    case JsonShape::Kind::structure: {
      std::string members;
      for (std::size_t i = 0; i < shape.children.size(); ++i) {
        members += (i > 0 ? ", " : "") + identifier(shape.names[i]) + " " + text_type(shape.children[i]);
      }
      return "STRUCT(" + members + ")";
    }
  }
  return "VARCHAR";
}

void append_json(const JsonShape& shape, duckdb_vector vector, idx_t row, std::string& out) {
  switch (shape.kind) {
    case JsonShape::Kind::scalar:
      out +=
          json_scalar(text_of(static_cast<const duckdb_string_t*>(duckdb_vector_get_data(vector))[row]), shape.scalar);
      return;
    case JsonShape::Kind::list:
    case JsonShape::Kind::map: {
      const auto& entry = static_cast<const duckdb_list_entry*>(duckdb_vector_get_data(vector))[row];
      const auto child = duckdb_list_vector_get_child(vector);
      const auto end = entry.offset + entry.length;
      if (shape.kind == JsonShape::Kind::map) return append_map(shape, child, entry.offset, end, out);
      return append_elements(shape.children[0], child, entry.offset, end, out);
    }
    case JsonShape::Kind::array:
      return append_elements(shape.children[0], duckdb_array_vector_get_child(vector), row * shape.array_size,
                             (row + 1) * shape.array_size, out);
    case JsonShape::Kind::structure:
      out += '{';
      for (std::size_t i = 0; i < shape.children.size(); ++i) {
        if (i > 0) out += ',';
        out += json_string(shape.names[i]) + ':';
        append_element(shape.children[i], duckdb_struct_vector_get_child(vector, i), row, out);
      }
      out += '}';
      return;
  }
}

}  // namespace walbrook::destination::duckdb
