# cmake -DWALBROOK=COMMAND -DVERSION=VERSION -DHELP2MAN=PROGRAM -DFOLDER=FOLDER -P Describe.cmake: writes completions
# and manual pages into FOLDER. Completions are walbrook.bash, .zsh and .fish, printed by the command itself. help2man
# makes the manual pages man1/walbrook.1 and man1/walbrook-COMMAND.1 from the texts of --help, and man1.gz holds them
# compressed; if HELP2MAN is empty, there are none. The file `complete` is written last.

file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")

foreach(shell bash zsh fish)
  execute_process(COMMAND "${WALBROOK}" completion ${shell} WORKING_DIRECTORY "${FOLDER}"
                  OUTPUT_FILE "${FOLDER}/walbrook.${shell}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# make_page(PAGE COMMAND SUMMARY OTHERS...): writes man1/PAGE.1 from the text of `walbrook COMMAND --help`. OTHERS are
# the pages that it refers to.
function(make_page page command summary)
  list(TRANSFORM ARGN REPLACE "-" "\\\\-" OUTPUT_VARIABLE others)
  list(TRANSFORM others PREPEND ".BR ")
  list(TRANSFORM others APPEND " (1)")
  list(JOIN others ",\n" others)
  file(WRITE "${FOLDER}/others" "[SEE ALSO]\n.ad l\n.nh\n${others}\n")
  get_filename_component(place "${WALBROOK}" DIRECTORY)
  get_filename_component(name "${WALBROOK}" NAME)
  # help2man passes the command to a shell, so the command must not contain a path with a space. The date is left empty,
  # because the date of the build would make each build's page different.
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env SOURCE_DATE_EPOCH=0
            "${HELP2MAN}" --no-info --locale=C.UTF-8 "--name=${summary}" "--version-string=${page} ${VERSION}"
            "--source=walbrook ${VERSION}" --manual=walbrook "--include=${CMAKE_CURRENT_LIST_DIR}/manual.h2m"
            "--include=${FOLDER}/others" "./${name} ${command}"
    WORKING_DIRECTORY "${place}" OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\"January 1970\"" "\"\"" text "${text}")
  file(WRITE "${FOLDER}/man1/${page}.1" "${text}")
  file(REMOVE "${FOLDER}/others")
endfunction()

if(HELP2MAN)
  file(MAKE_DIRECTORY "${FOLDER}/man1.gz")
  execute_process(COMMAND "${WALBROOK}" --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${WALBROOK}" completion commands OUTPUT_VARIABLE commands COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[a-z]+" commands "${commands}")

  set(pages ${commands})
  list(TRANSFORM pages PREPEND walbrook-)
  string(REGEX MATCH "^walbrook ([^\n]+)[.]\n" line "${help}")
  make_page(walbrook "" "${CMAKE_MATCH_1}" ${pages})
  foreach(command IN LISTS commands)
    string(REGEX MATCH "\n  ${command} +([A-Z])([^\n]+)\n" line "${help}")
    string(TOLOWER "${CMAKE_MATCH_1}" first)
    make_page(walbrook-${command} ${command} "${first}${CMAKE_MATCH_2}" walbrook)
  endforeach()

  foreach(page IN ITEMS walbrook ${pages})
    execute_process(COMMAND gzip -9cn "man1/${page}.1" WORKING_DIRECTORY "${FOLDER}"
                    OUTPUT_FILE "man1.gz/${page}.1.gz" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endif()
file(TOUCH "${FOLDER}/complete")
