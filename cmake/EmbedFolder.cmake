# embed_folder(FOLDER OUTPUT NAMESPACE FUNCTION HEADER): writes a source file that defines FUNCTION, which returns all
# files below FOLDER as text, in the order of their names. dot-NAME becomes .NAME, because a real .gitignore would apply
# to FOLDER.
function(embed_folder folder output namespace function header)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${folder}" "${folder}/*")
  list(SORT files)
  set(rows "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}/${file}")
    file(READ "${folder}/${file}" text)
    string(REGEX REPLACE "(^|/)dot-" "\\1." path "${file}")
    string(APPEND rows "    {\"${path}\", R\"walbrook-file(${text})walbrook-file\"},\n")
  endforeach()
  string(CONCAT source "#include \"${header}\"\n\nnamespace ${namespace} {\nnamespace {\n\n"
    "constexpr ProjectFile embedded_files[] = {\n${rows}};\n\n}  // namespace\n\n"
    "std::span<const ProjectFile> ${function}() {\n  return embedded_files;\n}\n\n}  // namespace ${namespace}\n")
  set(before "")
  if(EXISTS "${output}")
    file(READ "${output}" before)
  endif()
  if(NOT before STREQUAL source)
    file(WRITE "${output}" "${source}")
  endif()
endfunction()
